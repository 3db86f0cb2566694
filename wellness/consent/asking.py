"""What a person is asked, and their answer as a phone or a page sends it; refused ones are on record too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from wellness.accounts.models import User
from wellness.audit.models import Outcome
from wellness.audit.services import enrollment_chain, record
from wellness.consent import conditions, gate, proofs
from wellness.consent.differences import terms_of
from wellness.consent.events import Period, party_of
from wellness.consent.majority import majority_at
from wellness.consent.models import Action, Capacity, ConsentDocument, ConsentEvent
from wellness.consent.projection import held
from wellness.consent.purposes import PURPOSES, Scope, expand
from wellness.consent.services import grant
from wellness.consent.signatures import Signing
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device, Enrollment

ON, OFF, RESTING = "on", "off", "resting"


@dataclass(frozen=True)
class Switch:
    """One switch of a document, and how it stands for this person; `current` if agreed to in this text."""

    purpose: str
    stream: str
    means: str
    required: bool
    retention_days: int | None
    recipients: str
    min_age: int
    state: str
    current: bool
    since: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True)
class Offer:
    """A document in force that this person may answer, and in which capacity."""

    document: ConsentDocument
    capacity: str
    switches: tuple[Switch, ...]


@dataclass(frozen=True)
class Answer:
    """What somebody agreed to, as they sent it; `id` is theirs, so that sending it twice counts once."""

    id: UUID
    document: UUID
    sha256: str
    scopes: tuple[Scope, ...]
    capacity: str = Capacity.SELF
    action: str = Action.GRANT
    client_at: datetime | None = None
    client_zone: str = ""


def offers(person: Enrollment, now: datetime) -> list[Offer]:
    """The documents that the person themselves may answer now: a child those that ask for its assent."""
    comes_of_age_at = majority_at(person)
    child = comes_of_age_at is not None and now < comes_of_age_at
    audience = ConsentDocument.Audience.ASSENT if child else ConsentDocument.Audience.ADULT
    documents = ConsentDocument.objects.filter(
        study=person.study_id,
        state=ConsentDocument.State.PUBLISHED,
        audience=audience,
        effective_from__lte=now,
    ).order_by("locale")
    periods = held(person)
    capacity = Capacity.ASSENT if child else Capacity.SELF
    return [Offer(document, capacity, _switches(document, periods, now)) for document in documents]


def may_withdraw(person: Enrollment) -> list[str]:
    """In which capacities somebody may take consent back: the person always, and who signs for them."""
    proxy = conditions.proxy_of(person)
    return [str(Capacity.SELF), *([str(proxy.capacity)] if proxy else [])]


def agree(
    answer: Answer,
    *,
    enrollment: Enrollment,
    by: User | Device,
    signing: Signing,
    now: datetime,
) -> tuple[ConsentEvent, bool]:
    """The event of an answer, and whether it is new; a Refusal is put on record, and nothing else changes.

    A new one needs a fresh proof of who signs; an answer that is known already is only told again.
    """
    try:
        with transaction.atomic():
            return _agree(answer, enrollment, by, signing, now)
    except Refusal as refusal:
        record(
            chain=enrollment_chain(enrollment.public_id),
            actor=by.actor,
            action=f"consent.{answer.action}",
            object=f"consent_document:{answer.document}",
            outcome=Outcome.REFUSED,
            reason=refusal.code,
            epoch=enrollment.consent_epoch,
            at=now,
        )
        raise


def _agree(
    answer: Answer,
    enrollment: Enrollment,
    by: User | Device,
    signing: Signing,
    now: datetime,
) -> tuple[ConsentEvent, bool]:
    person = gate.lock(enrollment)
    known = ConsentEvent.objects.filter(public_id=answer.id).select_related("document").first()
    if known is not None:
        return _same(known, answer, person), False
    proofs.require_fresh(signing, now)
    document = ConsentDocument.objects.filter(study=person.study_id, public_id=answer.document).first()
    if document is None:
        raise Refusal("document_unknown", "There is no such document.", status=404, field="document")
    if document.state == ConsentDocument.State.PUBLISHED and document.body_sha256 != answer.sha256:
        message = "What you saw is not the text in force. Read it again."
        raise Refusal("document_changed", message, status=409, field="sha256")
    event = grant(
        enrollment=enrollment,
        document=document,
        scopes=answer.scopes,
        now=now,
        signer=by if isinstance(by, User) else None,
        capacity=answer.capacity,
        action=answer.action,
        client_at=answer.client_at,
        client_zone=answer.client_zone,
        device=by if isinstance(by, Device) else None,
        signing=signing,
        public_id=answer.id,
    )
    return event, True


def _same(known: ConsentEvent, answer: Answer, person: Enrollment) -> ConsentEvent:
    """The event that an answer made before; Refusal when its id was used for something else."""
    scopes = [list(scope) for scope in expand(answer.scopes)]
    told = (person.pk, answer.document, answer.action, scopes)
    if (known.enrollment_id, known.document.public_id, known.action, known.scopes) != told:
        raise Refusal("id_taken", "That id was used for another answer.", status=409, field="id")
    return known


def _switches(document: ConsentDocument, periods: Iterable[Period], now: datetime) -> tuple[Switch, ...]:
    mine = {one.scope: one for one in periods if one.party == party_of(document)}
    found = []
    for scope, (required, retention_days, recipients, min_age, _) in terms_of(document).items():
        one = mine.get(scope)
        is_on = one is not None and not one.has_expired(now)
        found.append(
            Switch(
                *scope,
                means=PURPOSES[scope[0]],
                required=required,
                retention_days=retention_days,
                recipients=recipients,
                min_age=min_age,
                state=OFF if one is None or not is_on else RESTING if one.paused else ON,
                current=one is not None and one.document_id == document.pk,
                since=one.valid_from if one is not None and is_on else None,
                expires_at=one.expires_at if one is not None and is_on else None,
            )
        )
    return tuple(found)
