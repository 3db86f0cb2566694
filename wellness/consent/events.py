"""Consent events: one chain a person, and the fold that turns it into what is in force."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from wellness.consent.models import Action, ConsentEvent
from wellness.consent.purposes import Scope
from wellness.lib.canonical import canonical
from wellness.lib.clock import to_us

START = "0" * 64
GRANTING = frozenset({Action.GRANT, Action.IMPORT, Action.REAFFIRM})
ENDING = frozenset({Action.WITHDRAW, Action.PAUSE, Action.EXPIRE, Action.SUPERSEDE})


@dataclass(frozen=True)
class Period:
    """One period in which a purpose was granted for a stream: what a row of ConsentState holds."""

    purpose: str
    stream: str
    document_id: int
    event_id: int
    valid_from: datetime
    valid_to: datetime | None
    covers_from: datetime


def fold(events: Iterable[ConsentEvent]) -> list[Period]:
    """Every period that a person's events, in order, amount to; those still in force last."""
    ended: list[Period] = []
    in_force: dict[Scope, Period] = {}
    for event in events:
        scopes: list[Scope] = [(purpose, stream) for purpose, stream in event.scopes]
        if event.action not in GRANTING | ENDING:
            continue
        ended += [replace(in_force.pop(scope), valid_to=event.at) for scope in scopes if scope in in_force]
        if event.action in GRANTING:
            in_force.update({scope: _granted(scope, event) for scope in scopes})
    return ended + list(in_force.values())


def event_hash(event: ConsentEvent) -> str:
    """SHA-256, in hex, over every field of an event and the hash before it."""
    fields = {
        "id": str(event.public_id),
        "enrollment": str(event.enrollment.public_id),
        "seq": event.seq,
        "action": str(event.action),
        "document": str(event.document.public_id),
        "document_sha256": event.document_sha256,
        "scopes": event.scopes,
        "covers_from": _us(event.covers_from),
        "withdrawal_mode": event.withdrawal_mode,
        "signer": str(event.signer.public_id) if event.signer else None,
        "capacity": str(event.capacity),
        "signature": event.signature,
        "client_at": _us(event.client_at),
        "client_zone": event.client_zone,
        "at": to_us(event.at),
        "device": str(event.device.public_id) if event.device else None,
        "reason": event.reason,
        "prev": event.prev_hash,
    }
    return hashlib.sha256(b"\x00" + canonical(fields)).hexdigest()


def _granted(scope: Scope, event: ConsentEvent) -> Period:
    purpose, stream = scope
    return Period(
        purpose=purpose,
        stream=stream,
        document_id=event.document_id,
        event_id=event.pk,
        valid_from=event.at,
        valid_to=None,
        covers_from=event.covers_from or event.at,
    )


def _us(at: datetime | None) -> int | None:
    return None if at is None else to_us(at)
