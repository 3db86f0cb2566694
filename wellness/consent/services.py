"""Agreeing and withdrawing: each is one event, appended and projected under the person's lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from wellness.accounts.models import User
from wellness.audit.services import SERVICE, Actor, enrollment_chain, record
from wellness.consent import conditions, gate, hooks, leaving, modes, recipients
from wellness.consent.events import GRANTING, START, Period, event_hash
from wellness.consent.models import (
    Action,
    Capacity,
    ConsentDocument,
    ConsentEvent,
    ConsentScope,
    ConsentState,
)
from wellness.consent.modes import STOP
from wellness.consent.projection import held, project, rebuilt, schedule
from wellness.consent.purposes import Scope, expand, prerequisites
from wellness.consent.signatures import Signing, sign
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device, Enrollment, Phase


@transaction.atomic
def grant(
    *,
    enrollment: Enrollment,
    document: ConsentDocument,
    scopes: Iterable[Scope],
    now: datetime,
    covers_from: datetime | None = None,
    until: datetime | None = None,
    signer: User | None = None,
    capacity: str = Capacity.SELF,
    action: str = Action.GRANT,
    evidence: Mapping[str, Any] | None = None,
    reason: str = "",
    client_at: datetime | None = None,
    client_zone: str = "",
    device: Device | None = None,
    signing: Signing | None = None,
    public_id: UUID | None = None,
) -> ConsentEvent:
    """The event by which a person, or who may for them, agrees to scopes of a published document, at once."""
    person, agreed = gate.lock(enrollment), expand(scopes)
    event = ConsentEvent(
        action=Action(action),
        document=ConsentDocument.objects.get(pk=document.pk),
        scopes=[list(scope) for scope in agreed],
        covers_from=covers_from or now,
        signer=signer,
        capacity=Capacity(capacity),
        evidence=_evidence(action, evidence, reason),
        client_at=client_at,
        client_zone=client_zone,
        device=device,
        reason=reason,
        at=now,
        **({"public_id": public_id} if public_id else {}),
    )
    conditions.require_grant(person, event, agreed, held(person))
    event.document_sha256 = event.document.body_sha256
    event.expiries = conditions.expiries(event.document, agreed, now, until)
    _append(enrollment, person, event, signing)
    hooks.granted(enrollment, frozenset(agreed), now)
    return event


@transaction.atomic
def withdraw(
    *,
    enrollment: Enrollment,
    now: datetime,
    scopes: Iterable[Scope] | None = None,
    mode: str = STOP,
    signer: User | None = None,
    reason: str = "",
    signing: Signing | None = None,
    device: Device | None = None,
    event_id: UUID | None = None,
    replayed: bool = False,
) -> ConsentEvent:
    """The event by which a person takes back scopes, or everything; nothing uses them from this commit on.

    Taking back a scope that its document requires takes back everything. Modes other than `stop` end it for
    good (`leaving`). `event_id` is the event's, where somebody chose it before; `replayed` says that it is on
    record outside the database already (`tombstones`).
    """
    modes.require_mode(mode)
    person = gate.lock(enrollment)
    conditions.require_own(person, signer=signer)
    last = _last_event(person)
    if last is None:
        raise Refusal("nothing_granted", "Nothing was ever agreed to.", status=409)
    if not replayed:
        modes.require(mode, last.document.body, everything=scopes is None)
    taken_back = _taken_back(person, scopes)
    revoked = {*taken_back, *resting_on(person, taken_back)}
    event = ConsentEvent(
        action=Action.WITHDRAW,
        document=last.document,
        document_sha256=last.document_sha256,
        scopes=[list(scope) for scope in taken_back],
        withdrawal_mode=mode,
        signer=signer,
        device=device,
        reason=reason,
        at=now,
        **({"public_id": event_id} if event_id else {}),
    )
    _append(enrollment, person, event, signing)
    hooks.withdrawn(enrollment, frozenset(revoked), now)
    recipients.note(enrollment, event, frozenset(revoked))
    leaving.follow(enrollment, event, now, replayed=replayed)
    return event


def note(
    enrollment: Enrollment,
    action: Action,
    scopes: Iterable[Scope],
    *,
    person: Enrollment,
    now: datetime,
    document: ConsentDocument | None = None,
    signing: Signing | None = None,
    **fields: Any,
) -> ConsentEvent:
    """An event about what was agreed to before, under its document if none is named; `person` is locked."""
    last = _last_event(person)
    about = document or (last.document if last else None)
    if about is None:
        raise Refusal("nothing_granted", "Nothing was ever agreed to.", status=409)
    event = ConsentEvent(
        action=action,
        document=about,
        document_sha256=about.body_sha256,
        scopes=[list(scope) for scope in sorted(scopes)],
        at=now,
        **fields,
    )
    return _append(enrollment, person, event, signing)


def resting_on(person: Enrollment, scopes: Iterable[Scope]) -> set[Scope]:
    """Grants in force that mean nothing without these scopes: they stay given, and the gate denies them."""
    gone = set(scopes)
    return {
        (purpose, stream)
        for purpose, stream in _switches(ConsentState.objects.held().filter(enrollment=person))
        if any((below, stream) in gone for below in prerequisites(purpose))
    }


def rebuild(enrollment: Enrollment) -> list[Period]:
    """The periods that the person's events amount to, made anew; the table must equal them."""
    return rebuilt(enrollment)


def _evidence(action: str, said: Mapping[str, Any] | None, reason: str) -> dict[str, Any]:
    """What an event rests on; an import is by the operator of a personal study, for their own data."""
    if said or Action(action) != Action.IMPORT:
        return dict(said or {})
    return {"import": reason or "by the operator"}


def _append(
    enrollment: Enrollment, person: Enrollment, event: ConsentEvent, signing: Signing | None = None
) -> ConsentEvent:
    """The saved event: chained, signed, projected, recorded, epoch moved on; the caller holds the lock."""
    last = _last_event(person)
    event.enrollment, event.seq = person, last.seq + 1 if last else 1
    event.prev_hash = last.hash if last else START
    sign(event, signing)
    event.hash = event_hash(event)
    event.save()
    after = project(person, event)
    person.consent_epoch += 1
    _follow_phase(person, event, after)
    schedule(person, after, event.at)
    moved = ["consent_epoch", "consent_until", "phase", "ended_at"]
    person.save(update_fields=moved)
    for name in moved:
        setattr(enrollment, name, getattr(person, name))
    record(
        chain=enrollment_chain(person.public_id),
        actor=_actor(event),
        action=f"consent.{event.action}",
        object=f"consent_event:{event.public_id}",
        epoch=person.consent_epoch,
        at=event.at,
    )
    return event


def _follow_phase(person: Enrollment, event: ConsentEvent, after: Sequence[Period]) -> None:
    """Who takes everything back has left the study, until they agree again; who pauses rests."""
    if event.action in GRANTING or event.action == Action.RESUME:
        person.phase, person.ended_at = Phase.ACTIVE, None
    elif event.action == Action.PAUSE:
        person.phase = Phase.PAUSED
    elif event.action == Action.WITHDRAW and not after:
        person.phase, person.ended_at = Phase.WITHDRAWN, event.at


def _taken_back(person: Enrollment, scopes: Iterable[Scope] | None) -> list[Scope]:
    rows = ConsentState.objects.held().filter(enrollment=person)
    stood_by = _switches(rows)
    if scopes is None:
        return sorted(stood_by)
    named = set(expand(scopes)) & stood_by
    required = _switches(ConsentScope.objects.filter(document__in=rows.values("document"), required=True))
    return sorted(stood_by if named & required else named)


def _switches(rows: models.QuerySet[ConsentScope] | models.QuerySet[ConsentState]) -> set[Scope]:
    return set(rows.values_list("purpose", "stream"))


def _last_event(person: Enrollment) -> ConsentEvent | None:
    return ConsentEvent.objects.filter(enrollment=person).order_by("-seq").first()


def _actor(event: ConsentEvent) -> Actor:
    if event.signer:
        return event.signer.actor
    return event.device.actor if event.device else SERVICE
