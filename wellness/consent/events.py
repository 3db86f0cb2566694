"""Consent events: one chain a person, and the fold that turns it into what is in force."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from wellness.consent.models import Action, ConsentDocument, ConsentEvent, Party
from wellness.consent.purposes import Scope
from wellness.lib.canonical import canonical
from wellness.lib.clock import from_us, to_us

START = "0" * 64
GRANTING = frozenset({Action.GRANT, Action.IMPORT, Action.REAFFIRM})
PARTIES = {
    ConsentDocument.Audience.ADULT: Party.SELF,
    ConsentDocument.Audience.REPRESENTATIVE: Party.SELF,
    ConsentDocument.Audience.GUARDIAN: Party.PERMISSION,
    ConsentDocument.Audience.ASSENT: Party.ASSENT,
}


Key = tuple[int, str, str, str, int | None]
Named = Mapping[Scope, datetime | None]


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
    party: str = Party.SELF
    expires_at: datetime | None = None
    paused: bool = False
    resumed_seq: int | None = None

    @property
    def scope(self) -> Scope:
        """The switch that was on."""
        return self.purpose, self.stream

    @property
    def key(self) -> Key:
        """What tells it from every other period of the person."""
        return self.event_id, self.purpose, self.stream, self.party, self.resumed_seq

    @property
    def is_held(self) -> bool:
        """Whether the person stands by it: it is in force, or a pause put it aside."""
        return self.valid_to is None or self.paused

    def ended(self, at: datetime) -> Period:
        """The period that is over at an instant, or was when it expired."""
        ends = at if self.expires_at is None else min(at, self.expires_at)
        return replace(self, valid_to=self.valid_to or ends, paused=False)

    def has_expired(self, at: datetime) -> bool:
        """Whether its time is over, noted by an event or not."""
        return self.expires_at is not None and self.expires_at <= at


def fold(events: Iterable[ConsentEvent], *, majority_at: datetime | None = None) -> list[Period]:
    """Every period that a person's events, in order, amount to; those still held last.

    What a guardian permitted and a child assented to ends when the child comes of age.
    """
    ended: list[Period] = []
    held: list[Period] = []
    for event in events:
        after = advance(held, event, majority_at=majority_at)
        ended += [period for period in after if not period.is_held]
        held = [period for period in after if period.is_held]
    return ended + held


def advance(
    held: Iterable[Period], event: ConsentEvent, *, majority_at: datetime | None = None
) -> list[Period]:
    """What held periods become by one event, with those it begins; the ended ones are among them."""
    expiries = expiries_of(event)
    named = {(purpose, stream): expiries.get((purpose, stream)) for purpose, stream in event.scopes}
    after = [one for period in held for one in _after(period, event, named)]
    return after + (_begun(event, named, majority_at) if event.action in GRANTING else [])


def party_of(document: ConsentDocument) -> Party:
    """Whose yes it is that a document asks for."""
    return PARTIES[ConsentDocument.Audience(document.audience)]


def expiries_of(event: ConsentEvent) -> dict[Scope, datetime]:
    """When what an event grants, or shortens, ends by itself."""
    return {(purpose, stream): from_us(us) for purpose, stream, us in event.expiries}


def event_hash(event: ConsentEvent) -> str:
    """SHA-256, in hex, over every field of an event and the hash before it."""
    fields: dict[str, Any] = {
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
    special = {
        "expiries": event.expiries,
        "until": _us(event.until),
        "proxy": str(event.proxy.public_id) if event.proxy else None,
        "evidence": event.evidence,
    }
    fields |= {name: value for name, value in special.items() if value}
    return hashlib.sha256(b"\x00" + canonical(fields)).hexdigest()


def _after(period: Period, event: ConsentEvent, named: Named) -> list[Period]:
    if event.action == Action.RESUME and period.paused:
        comes_back = period.scope in named and not period.has_expired(event.at)
        return [replace(period, paused=False), *([_resumed(period, event)] if comes_back else [])]
    if period.scope not in named:
        return [period]
    if _ends(period, event):
        return [period.ended(event.at)]
    if event.action == Action.PAUSE and not period.paused:
        return [replace(period.ended(event.at), paused=True)]
    if event.action == Action.SUPERSEDE and period.party == party_of(event.document):
        return [replace(period, expires_at=sooner(period.expires_at, named[period.scope]))]
    return [period]


def _ends(period: Period, event: ConsentEvent) -> bool:
    """Whether an event about this switch ends the period: a newer yes of the same party does, too."""
    if event.action in GRANTING:
        return period.party == party_of(event.document)
    if event.action == Action.EXPIRE:
        return period.has_expired(event.at)
    return event.action == Action.WITHDRAW


def _resumed(period: Period, event: ConsentEvent) -> Period:
    """The same grant once more, but not for what happened in the pause."""
    return replace(
        period,
        valid_from=event.at,
        valid_to=None,
        covers_from=event.covers_from or event.at,
        paused=False,
        resumed_seq=event.seq,
    )


def _begun(event: ConsentEvent, named: Named, majority_at: datetime | None) -> list[Period]:
    party = party_of(event.document)
    until = None if party == Party.SELF else majority_at
    return [
        Period(
            purpose=purpose,
            stream=stream,
            document_id=event.document_id,
            event_id=event.pk,
            valid_from=event.at,
            valid_to=None,
            covers_from=event.covers_from or event.at,
            party=party,
            expires_at=sooner(expires_at, until),
        )
        for (purpose, stream), expires_at in named.items()
    ]


def sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two instants of which either may never come."""
    return min((at for at in (one, other) if at is not None), default=None)


def _us(at: datetime | None) -> int | None:
    return None if at is None else to_us(at)
