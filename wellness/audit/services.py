"""Writing the record: an entry joins its chain in the transaction of the act that it records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import CharField
from django.utils import timezone

from wellness.audit import sealing
from wellness.audit.chain import START, BadEntry, entry_hash
from wellness.audit.context import current
from wellness.audit.models import ActorKind, AuditEntry, AuditHead, Outcome
from wellness.audit.text import clean
from wellness.audit.verification import verify
from wellness.prepared import insert

__all__ = [
    "SERVICE",
    "SYSTEM_CHAIN",
    "Actor",
    "BadEntry",
    "account_chain",
    "enrollment_chain",
    "record",
    "system_chain",
    "verify",
]

SYSTEM_CHAIN = "system"
_LENGTHS: dict[str, int] = {
    field.attname: field.max_length or 0
    for field in AuditEntry._meta.concrete_fields
    if isinstance(field, CharField)
}
_HEADS = f'"{AuditHead._meta.db_table}"'
# One statement finds or makes the head, locks it until the transaction ends and counts on.
_NEXT = (
    f"INSERT INTO {_HEADS} (chain, seq, hash) VALUES (%s, 1, %s) "  # nosec B608 # noqa: S608  a name of ours
    f"ON CONFLICT (chain) DO UPDATE SET seq = {_HEADS}.seq + 1 RETURNING id, seq, hash"
)
_MOVE = f"UPDATE {_HEADS} SET hash = %s WHERE id = %s"  # nosec B608 # noqa: S608


@dataclass(frozen=True)
class Actor:
    """Who acts: a user or a device by public id, a named service, or nobody who signed in."""

    kind: ActorKind
    id: str


SERVICE = Actor(ActorKind.SERVICE, "system")


@transaction.atomic(savepoint=False)  # an act that cannot be recorded is undone as a whole
def record(
    *,
    chain: str,
    actor: Actor,
    action: str,
    object: str = "",  # noqa: A002  the word of the field
    purpose: str = "",
    outcome: Outcome = Outcome.DONE,
    reason: str = "",
    role: str = "",
    epoch: int | None = None,
    detail: Mapping[str, str] | None = None,
    sealed_detail: bytes | None = None,
    at: datetime | None = None,
    on_behalf_of: str = "",
    request_id: str = "",
) -> AuditEntry:
    """The new last entry of a chain; it holds ids, verbs and plain words, personal detail only sealed.

    The id of the request and, sealed with `detail`, where it came from are added.
    """
    texts = {
        "chain": chain,
        "actor": actor.id,
        "on_behalf_of": on_behalf_of,
        "action": action,
        "object": object,
        "purpose": purpose,
        "reason": reason,
        "request_id": request_id or current().request_id,
        "role": role,
    }
    stored = {name: clean(text, _LENGTHS[name]) for name, text in texts.items()}
    head, seq, prev_hash = _next(stored["chain"])
    if sealed_detail is None:
        sealed_detail = sealing.sealed(stored["chain"], seq, {**current().detail(), **(detail or {})})
    entry = AuditEntry(
        **stored | {"role": stored["role"] or None},
        seq=seq,
        at=at or timezone.now(),
        actor_kind=actor.kind,
        outcome=outcome,
        epoch=epoch,
        sealed_detail=sealed_detail,
        prev_hash=prev_hash,
    )
    entry.hash = entry_hash(entry)
    insert([entry])
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [entry.hash, head])
    return entry


def enrollment_chain(public_id: object) -> str:
    """The name of the chain that holds what happened to one participant."""
    return f"enrollment:{public_id}"


def account_chain(actor: Actor) -> str:
    """The name of the chain that holds what one account or phone did that concerns no single participant."""
    return f"{actor.kind}:{actor.id}"


def system_chain(digest: str) -> str:
    """One of sixteen chains for what nobody in particular did, so that no flood of it holds up the others."""
    return f"{SYSTEM_CHAIN}:{digest[:1]}"


def _next(chain: str) -> tuple[int, int, str]:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [chain, START])
        head, seq, before = cursor.fetchone()
    return head, seq, before
