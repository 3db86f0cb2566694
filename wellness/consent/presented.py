"""A receipt that somebody presents: whether it is ours and unaltered, and whether it is still in force.

Who holds a receipt can read it, so the answer says only what the receipt says itself, and the one thing that
it cannot know: whether it is in force. Of a receipt that does not verify nothing is said but that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q
from jwt.exceptions import PyJWTError

from wellness.audit.models import ActorKind, Outcome
from wellness.audit.services import Actor, enrollment_chain, record, system_chain
from wellness.consent.events import GRANTING
from wellness.consent.models import Action, ConsentEvent, ConsentState, StudyKey
from wellness.consent.receipts import JWS, TYPE
from wellness.consent.signatures import ALGORITHM
from wellness.lib.refusal import Refusal
from wellness.studies.models import Phase

MAX_CHARS = 128 * 2**10
HOLDER = Actor(ActorKind.ANONYMOUS, "")
_HEADERS = {"alg", "kid", "typ"}
_KID = re.compile("[0-9a-f]{16}")


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
    header = _header(token)
    if header.keys() != _HEADERS or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise _tampered()
    kid = str(header["kid"])
    known = StudyKey.objects.select_related("study")
    key = known.filter(kid=kid).first() if _KID.fullmatch(kid) else None
    if key is None:
        raise Refusal("receipt_unknown_key", "No study here has signed that.", field="receipt")
    try:
        plain = JWS.decode(token, key=key.loaded(), algorithms=[ALGORITHM])
    except (PyJWTError, ValueError):
        raise _tampered() from None
    said: dict[str, Any] = json.loads(plain)
    if said["iss"] != f"urn:uuid:{key.study.public_id}":
        raise _tampered()
    return key, said


def standing(event: ConsentEvent, *, now: datetime) -> Standing:
    """Whether what was done by an event holds now."""
    named = {(purpose, stream) for purpose, stream in event.scopes}
    person = event.enrollment
    ended = person.study.ended_at is not None and person.study.ended_at <= now
    rows = ConsentState.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), enrollment=person, valid_to=None
    )
    held = (
        []
        if ended or person.phase != Phase.ACTIVE
        else [row for row in rows if (row.purpose, row.stream) in named]
    )
    if event.action not in GRANTING | {Action.RESUME}:
        return Standing.SUPERSEDED if held else Standing.CURRENT
    own = {
        (row.purpose, row.stream) for row in held if event.pk == row.event_id or event.seq == row.resumed_seq
    }
    if own == named:
        return Standing.CURRENT
    resting = ConsentState.objects.filter(enrollment=person, event=event, paused=True)
    changed = held or (not ended and resting.exists())
    return Standing.SUPERSEDED if changed else Standing.WITHDRAWN


def _header(token: str) -> dict[str, Any]:
    """The header of a JWS in its one canonical spelling: else bits that nobody signs could be changed."""
    parts = token.split(".")
    try:
        if len(parts) != 3 or any(_spelt(_bytes(part)) != part for part in parts):
            raise _tampered()
        header = json.loads(_bytes(parts[0]))
    except (ValueError, binascii.Error, RecursionError):
        raise _tampered() from None
    if not isinstance(header, dict):
        raise _tampered()
    return header


def _event_of(said: dict[str, Any], key: StudyKey) -> ConsentEvent | None:
    """The event of a receipt, if it is here and still the one that was signed."""
    found = ConsentEvent.objects.select_related("enrollment__study").filter(
        public_id=UUID(said["record_id"].removeprefix("urn:uuid:")), enrollment__study=key.study
    )
    event = found.first()
    signed = said["events"][0]["signature"]["payload_sha256"]
    return event if event and event.signature.get("payload_sha256") == signed else None


def _tampered() -> Refusal:
    return Refusal("receipt_tampered", "That is not a receipt as it was issued.", field="receipt")


def _bytes(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _spelt(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()
