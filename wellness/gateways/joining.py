"""Who an import is for: a participant there is, or one whom the operator enrols to hand in their own data."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from wellness.accounts.models import User
from wellness.consent.approvals import approve
from wellness.consent.documents import draft_document
from wellness.consent.models import Action, Capacity, ConsentDocument, ConsentEvent, ConsentState
from wellness.consent.publishing import publish
from wellness.consent.purposes import COLLECT, CONSENT_STREAMS, FEATURE, MODEL, STORE, Scope
from wellness.consent.services import grant
from wellness.consent.validity import SECTIONS
from wellness.gateways.converted import NotImportable
from wellness.gateways.importing import Extent
from wellness.studies.models import Enrollment, Study
from wellness.studies.services import change_zone, create_study, enroll

PURPOSES = (COLLECT, STORE, FEATURE, MODEL)
REASON = "imported by operator"
APPROVER = "operator@localhost"
# What the sections of the document say; the operator and the participant of a personal study are one person.
TEXT = "You hand in data you already have, to your own installation, for your own use. Nobody else sees them."


def participant(study: str, code: str) -> Enrollment:
    """The participant of that code; NotImportable, saying what to do, when there is none."""
    found = Enrollment.objects.select_related("study").filter(study__slug=study, code=code).first()
    if found is None:
        raise NotImportable(
            f"The study {study} has no participant {code}. Enrol them first, with consent for these streams, "
            "or, for your own data, add --enroll."
        )
    return found


@transaction.atomic
def join(study: str, code: str, zone: str, found: Extent, now: datetime) -> Enrollment:
    """The participant in a personal study, both made where missing, with consent that covers the export."""
    personal = Study.objects.filter(slug=study).first()
    if personal is None:
        personal = create_study(slug=study, name=study, kind=Study.Kind.PERSONAL)
    if personal.kind != Study.Kind.PERSONAL:
        raise NotImportable(f"{study} is no personal study: its participants consent for themselves.")
    person = Enrollment.objects.select_related("study").filter(study=personal, code=code).first()
    if person is None:
        person = enroll(study=personal, code=code, zone=zone, now=now, started_at=found.first_at)
    _cover(person, found, now)
    return person


@transaction.atomic
def live_in(person: Enrollment, zone: str, found: Extent) -> None:
    """The zone holds for the time of the export; what held after it still does."""
    after = found.last_at + timedelta(microseconds=1)
    held_after = person.zones().at(after)
    if change_zone(enrollment=person, zone=zone, from_at=found.first_at):
        change_zone(enrollment=person, zone=held_after, from_at=after)


def _cover(person: Enrollment, found: Extent, now: datetime) -> None:
    """An import grant, unless what is in force covers the export; a withdrawal is never overruled."""
    scopes = [(purpose, stream) for purpose in PURPOSES for stream in sorted(found.streams)]
    held = ConsentState.objects.filter(enrollment=person, valid_to=None, covers_from__lte=found.first_at)
    if set(scopes) <= set(held.values_list("purpose", "stream")):
        return
    if ConsentEvent.objects.filter(enrollment=person).exclude(action=Action.IMPORT).exists():
        raise NotImportable(f"{person.code} decides on consent themselves; --enroll does not do it for them.")
    earlier = ConsentState.objects.filter(enrollment=person, valid_to=None).order_by("covers_from").first()
    grant(
        enrollment=person,
        document=_document(person.study, scopes, now),
        scopes=scopes,
        now=now,
        covers_from=min(found.first_at, earlier.covers_from) if earlier else found.first_at,
        capacity=Capacity.STAFF,
        action=Action.IMPORT,
        reason=REASON,
    )


def _document(study: Study, scopes: list[Scope], now: datetime) -> ConsentDocument:
    """The study's document that offers these scopes; where there is none, one for imports is published."""
    for document in study.consent_documents.filter(state=ConsentDocument.State.PUBLISHED):
        if set(scopes) <= set(document.scopes.values_list("purpose", "stream")):
            return document
    offered = [(purpose, stream, False) for purpose in PURPOSES for stream in CONSENT_STREAMS]
    drafted = draft_document(study=study, body=dict.fromkeys(SECTIONS, TEXT), scopes=offered)
    operator = User.objects.filter(email=APPROVER).first() or User.objects.create_user(APPROVER)
    approve(document=drafted, approver=operator)
    return publish(document=drafted, now=now)
