"""Agreeing and withdrawing: each is one event, appended and projected under the person's lock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import models, transaction

from wellness.accounts.models import User
from wellness.audit.models import ActorKind
from wellness.audit.services import SERVICE, Actor, enrollment_chain, record
from wellness.consent import gate, hooks, leaving, modes
from wellness.consent.documents import document_digest
from wellness.consent.events import GRANTING, START, Period, event_hash, fold
from wellness.consent.models import (
    Action,
    Capacity,
    ConsentDocument,
    ConsentEvent,
    ConsentScope,
    ConsentState,
)
from wellness.consent.modes import STOP
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
    signer: User | None = None,
    capacity: str = Capacity.SELF,
    action: str = Action.GRANT,
    reason: str = "",
    client_at: datetime | None = None,
    client_zone: str = "",
    device: Device | None = None,
    signing: Signing | None = None,
) -> ConsentEvent:
    """The event by which a person agrees to scopes of a published document, in force at once."""
    person = gate.lock(enrollment)
    document = ConsentDocument.objects.get(pk=document.pk)
    agreed = expand(scopes)
    _require_open(person, now)
    _require_offered(person, document, agreed, now)
    if Action(action) not in GRANTING:
        raise Refusal("unknown_action", f"{action} does not grant anything.")
    if covers_from is not None and covers_from > now:
        raise Refusal("covers_future", "A grant covers data from now on or earlier.", field="covers_from")
    event = ConsentEvent(
        action=Action(action),
        document=document,
        document_sha256=document.body_sha256,
        scopes=[list(scope) for scope in agreed],
        covers_from=covers_from or now,
        signer=signer,
        capacity=Capacity(capacity),
        client_at=client_at,
        client_zone=client_zone,
        device=device,
        reason=reason,
        at=now,
    )
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
) -> ConsentEvent:
    """The event by which a person takes back scopes, or everything; nothing uses them from this commit on.

    Taking back a scope that its document requires takes back everything. Modes other than `stop` end it for
    good (`leaving`). `event_id` is the event's, where somebody chose it before.
    """
    modes.require_mode(mode)
    person = gate.lock(enrollment)
    last = _last_event(person)
    if last is None:
        raise Refusal("nothing_granted", "Nothing was ever agreed to.", status=409)
    modes.require(mode, last.document.body, everything=scopes is None)
    taken_back = _taken_back(person, scopes)
    revoked = {*taken_back, *_resting_on(person, taken_back)}
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
    leaving.follow(enrollment, event, frozenset(revoked), now)
    return event


def rebuild(enrollment: Enrollment) -> list[Period]:
    """The periods that the person's events amount to, made anew; the table must equal them."""
    return fold(ConsentEvent.objects.filter(enrollment=enrollment).order_by("seq"))


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
    _project(person, event)
    person.consent_epoch += 1
    _follow_phase(person, event)
    person.save(update_fields=["consent_epoch", "phase", "ended_at"])
    enrollment.consent_epoch, enrollment.phase = person.consent_epoch, person.phase
    enrollment.ended_at = person.ended_at
    record(
        chain=enrollment_chain(person.public_id),
        actor=_actor(event),
        action=f"consent.{event.action}",
        object=f"consent_event:{event.public_id}",
        epoch=person.consent_epoch,
        at=event.at,
    )
    return event


def _project(person: Enrollment, event: ConsentEvent) -> None:
    """Bring the table to what `fold` would make of the events, this one included."""
    scopes = {(purpose, stream) for purpose, stream in event.scopes}
    in_force = ConsentState.objects.filter(enrollment=person, valid_to=None)
    ending = [row.pk for row in in_force if (row.purpose, row.stream) in scopes]
    ConsentState.objects.filter(pk__in=ending).update(valid_to=event.at)
    if event.action in GRANTING:
        ConsentState.objects.bulk_create(
            ConsentState(
                enrollment=person,
                purpose=purpose,
                stream=stream,
                document=event.document,
                event=event,
                valid_from=event.at,
                covers_from=event.covers_from or event.at,
            )
            for purpose, stream in sorted(scopes)
        )


def _follow_phase(person: Enrollment, event: ConsentEvent) -> None:
    """Who takes everything back has left the study, until they agree again."""
    if event.action in GRANTING and person.phase != Phase.PAUSED:
        person.phase, person.ended_at = Phase.ACTIVE, None
    elif not ConsentState.objects.filter(enrollment=person, valid_to=None).exists():
        person.phase, person.ended_at = Phase.WITHDRAWN, event.at


def _require_open(person: Enrollment, now: datetime) -> None:
    ended_at = person.study.ended_at
    if person.phase == Phase.COMPLETED or (ended_at and ended_at <= now):
        raise Refusal("enrollment_ended", "This part in the study has ended.", status=409)


def _require_offered(
    person: Enrollment, document: ConsentDocument, agreed: list[Scope], now: datetime
) -> None:
    """Refusal unless the document is in force, unaltered, of this study, and offers what is agreed to."""
    if document.study_id != person.study_id:
        raise Refusal("document_elsewhere", "That document belongs to another study.", field="document")
    effective = document.effective_from is not None and document.effective_from <= now
    if document.state != ConsentDocument.State.PUBLISHED or not effective:
        raise Refusal("document_not_in_force", "That version is not in force.", status=409, field="document")
    if document_digest(document) != document.body_sha256:
        raise Refusal("document_altered", "That document was altered.", status=409, field="document")
    offered = _switches(ConsentScope.objects.filter(document=document))
    if not agreed or not set(agreed) <= offered:
        raise Refusal("scope_not_offered", "The document does not offer that.", field="scopes")
    held = _switches(ConsentState.objects.filter(enrollment=person, valid_to=None))
    if not _switches(ConsentScope.objects.filter(document=document, required=True)) <= held | set(agreed):
        raise Refusal("required_scope_missing", "Taking part needs what is marked required.", field="scopes")


def _taken_back(person: Enrollment, scopes: Iterable[Scope] | None) -> list[Scope]:
    in_force = ConsentState.objects.filter(enrollment=person, valid_to=None)
    held = _switches(in_force)
    if scopes is None:
        return sorted(held)
    named = set(expand(scopes)) & held
    documents = in_force.values("document")
    required = _switches(ConsentScope.objects.filter(document__in=documents, required=True))
    return sorted(held if named & required else named)


def _resting_on(person: Enrollment, scopes: list[Scope]) -> set[Scope]:
    """Grants in force that mean nothing without these scopes: they stay given, and the gate denies them."""
    held = _switches(ConsentState.objects.filter(enrollment=person, valid_to=None))
    return {
        (purpose, stream)
        for purpose, stream in held
        if any((below, stream) in scopes for below in prerequisites(purpose))
    }


def _switches(rows: models.QuerySet[ConsentScope] | models.QuerySet[ConsentState]) -> set[Scope]:
    return set(rows.values_list("purpose", "stream"))


def _last_event(person: Enrollment) -> ConsentEvent | None:
    return ConsentEvent.objects.filter(enrollment=person).order_by("-seq").first()


def _actor(event: ConsentEvent) -> Actor:
    if event.signer:
        return Actor(ActorKind.USER, str(event.signer.public_id))
    return Actor(ActorKind.DEVICE, str(event.device.public_id)) if event.device else SERVICE
