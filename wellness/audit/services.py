"""Writing the record: an entry joins its chain in the transaction of the act that it records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from wellness.audit.chain import BadEntry, entry_hash, verify
from wellness.audit.models import ActorKind, AuditEntry, AuditHead, Outcome

__all__ = ["SERVICE", "SYSTEM_CHAIN", "Actor", "BadEntry", "enrollment_chain", "record", "verify"]

SYSTEM_CHAIN = "system"


@dataclass(frozen=True)
class Actor:
    """Who acts: a user or a device by public id, or a named service."""

    kind: ActorKind
    id: str


SERVICE = Actor(ActorKind.SERVICE, "system")


@transaction.atomic
def record(
    *,
    chain: str,
    actor: Actor,
    action: str,
    object: str = "",  # noqa: A002  the word of the field
    purpose: str = "",
    outcome: Outcome = Outcome.DONE,
    reason: str = "",
    epoch: int | None = None,
    sealed_detail: bytes | None = None,
    at: datetime | None = None,
    on_behalf_of: str = "",
    request_id: str = "",
) -> AuditEntry:
    """The new last entry of a chain; it holds ids, verbs and plain words, personal detail only sealed."""
    head = _locked_head(chain)
    entry = AuditEntry(
        chain=chain,
        seq=head.seq + 1,
        at=at or timezone.now(),
        actor=actor.id,
        actor_kind=actor.kind,
        on_behalf_of=on_behalf_of,
        action=action,
        object=object,
        purpose=purpose,
        outcome=outcome,
        reason=reason,
        request_id=request_id,
        epoch=epoch,
        sealed_detail=sealed_detail,
        prev_hash=head.hash,
    )
    entry.hash = entry_hash(entry)
    entry.save()
    AuditHead.objects.filter(pk=head.pk).update(seq=entry.seq, hash=entry.hash)
    return entry


def enrollment_chain(public_id: object) -> str:
    """The name of the chain that holds what happened to one participant."""
    return f"enrollment:{public_id}"


def _locked_head(chain: str) -> AuditHead:
    AuditHead.objects.get_or_create(chain=chain)
    return AuditHead.objects.select_for_update().get(chain=chain)
