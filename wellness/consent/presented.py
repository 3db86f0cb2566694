"""A receipt that somebody presents: whether it is ours and unaltered, and whether it is still in force.

Who holds a receipt can read it, so the answer says only what the receipt says itself, and the one thing that
it cannot know: whether it is in force. Of a receipt that does not verify nothing is said but that.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from wellness.audit.models import ActorKind, Outcome
from wellness.audit.services import Actor, enrollment_chain, record, system_chain
from wellness.consent.events import GRANTING
from wellness.consent.force import in_force
from wellness.consent.jws import Altered, UnknownKey, verified
from wellness.consent.models import Action, ConsentEvent, ConsentState, StudyKey
from wellness.consent.receipts import TYPE
from wellness.lib.refusal import Refusal

MAX_CHARS = 128 * 2**10
HOLDER = Actor(ActorKind.ANONYMOUS, "")


class Standing(StrEnum):
    """Whether what a receipt says holds now."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Presented:
    """A receipt that is ours and unaltered."""

    kid: str
    study: str
    issued_at: datetime
    state: Standing


def present(token: str, *, now: datetime) -> Presented:
    """What may be said to whoever holds the receipt; Refusal when it is not ours or was altered."""
    try:
        key, said = opened(token)
    except Refusal as refusal:
        sha256 = hashlib.sha256(token.encode(errors="replace")).hexdigest()
        record(
            chain=system_chain(sha256),
            actor=HOLDER,
            action="consent_receipt.verify",
            outcome=Outcome.REFUSED,
            reason=f"{refusal.code} sha256 {sha256}",
            at=now,
        )
        raise
    event = _event_of(said, key)
    state = Standing.UNKNOWN if event is None else standing(event, now=now)
    if event is not None:
        record(
            chain=enrollment_chain(event.enrollment.public_id),
            actor=HOLDER,
            action="consent_receipt.verify",
            object=f"consent_event:{event.public_id}",
            reason=str(state),
            at=now,
        )
    party = said["party_identification"][0]["party_name"]
    return Presented(key.kid, party, datetime.fromtimestamp(said["iat"], UTC), state)


def opened(token: str) -> tuple[StudyKey, dict[str, Any]]:
    """The key that signed a receipt, and what that says; Refusal when it is not ours or was altered."""
    if len(token) > MAX_CHARS:
        raise Refusal("receipt_too_large", "That is too long to be a receipt.", status=413, field="receipt")
    keys: dict[str, StudyKey] = {}
    try:
        kid, said = verified(token, kind=TYPE, public=lambda kid: _found(kid, keys))
    except UnknownKey:
        raise Refusal("receipt_unknown_key", "No study here has signed that.", field="receipt") from None
    except Altered:
        raise Refusal(
            "receipt_tampered", "That is not a receipt as it was issued.", field="receipt"
        ) from None
    return keys[kid], said


def standing(event: ConsentEvent, *, now: datetime) -> Standing:
    """Whether what was done by an event holds now."""
    named, person = {(purpose, stream) for purpose, stream in event.scopes}, event.enrollment
    held = [row for row in in_force(person, now=now) if (row.purpose, row.stream) in named]
    if event.action not in GRANTING | {Action.RESUME}:
        return Standing.SUPERSEDED if held else Standing.CURRENT
    own = {
        (row.purpose, row.stream) for row in held if event.pk == row.event_id or event.seq == row.resumed_seq
    }
    if own == named:
        return Standing.CURRENT
    rests = ConsentState.objects.filter(enrollment=person, event=event, paused=True).exists()
    return Standing.SUPERSEDED if held or (rests and not person.study.ended_at) else Standing.WITHDRAWN


def _found(kid: str, keys: dict[str, StudyKey]) -> Ed25519PublicKey | None:
    """The public half of a key that receipts were signed with; the row is kept in `keys`."""
    key = StudyKey.objects.select_related("study").filter(kid=kid).first()
    if key is None:
        return None
    keys[kid] = key
    loaded: Ed25519PublicKey = key.loaded()
    return loaded


def _event_of(said: dict[str, Any], key: StudyKey) -> ConsentEvent | None:
    """The event of a receipt, if it is here and still the one that was signed."""
    found = ConsentEvent.objects.select_related("enrollment__study").filter(
        public_id=UUID(said["record_id"].removeprefix("urn:uuid:")), enrollment__study=key.study
    )
    event = found.first()
    signed = said["events"][0]["signature"]["payload_sha256"]
    return event if event and event.signature.get("payload_sha256") == signed else None
