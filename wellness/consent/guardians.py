"""Who signs for a person who does not sign alone, and until which birthday."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from wellness.accounts.models import User
from wellness.audit.services import SERVICE, Actor, enrollment_chain, record
from wellness.consent import conditions, gate
from wellness.consent.majority import BIRTH, OF_AGE, majority_on
from wellness.consent.models import (
    Action,
    Capacity,
    ConsentAgenda,
    ConsentDocument,
    ConsentEvent,
    ConsentNotice,
    ConsentState,
    Minority,
    Party,
)
from wellness.consent.projection import next_expiry, reproject
from wellness.consent.services import note
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Enrollment, ZoneChange


@transaction.atomic
def declare_birth(
    *, enrollment: Enrollment, born_on: date, now: datetime, of_age: int = OF_AGE, actor: Actor = SERVICE
) -> Minority:
    """What is kept of a birth date: the day of majority in clear, the date sealed. It is declared once."""
    person = gate.lock(enrollment)
    if Minority.objects.filter(enrollment=person).exists():
        raise Refusal("birth_date_known", "The birth date is known already.", status=409, field="born_on")
    if born_on > person.zones().local_date(now):
        raise Refusal("birth_date_future", "That day has not come yet.", field="born_on")
    minority = Minority.objects.create(
        enrollment=person,
        majority_on=majority_on(born_on, of_age),
        sealed_birth=keys.seal_json(person, BIRTH, born_on.isoformat()),
    )
    record(chain=enrollment_chain(person.public_id), actor=actor, action="birth_date.declare", at=now)
    return minority


@transaction.atomic
def change_proxy(
    *,
    enrollment: Enrollment,
    proxy: User | None,
    capacity: str,
    evidence: Mapping[str, Any],
    recorded_by: User,
    now: datetime,
    reason: str = "",
) -> ConsentEvent:
    """The event from which on `proxy`, and nobody before them, signs for the person; with None nobody does.

    What was agreed to before stays; who signs from now on may withdraw it.
    """
    person = gate.lock(enrollment)
    if Capacity(capacity) not in conditions.PROXIES:
        raise Refusal("no_proxy", "That is nobody who signs for someone else.", field="capacity")
    conditions.require_staff(person, recorded_by)
    if not evidence:
        raise Refusal("evidence_missing", "Say what shows that they may sign.", status=403, field="evidence")
    if proxy is not None and proxy.pk in (person.user_id, recorded_by.pk):
        raise Refusal("proxy_of_oneself", "Nobody makes themselves someone's proxy.", field="proxy")
    event = note(
        enrollment,
        Action.PROXY,
        [],
        person=person,
        now=now,
        document=_document_for(person, Capacity(capacity)),
        proxy=proxy,
        capacity=Capacity(capacity),
        evidence={**evidence, "recorded_by": str(recorded_by.public_id)},
        reason=reason,
    )
    ConsentNotice.objects.create(enrollment=person, event=event, run_after=now)
    return event


def listen() -> None:
    """When a person is found to live by another clock, they come of age at another instant."""
    for signal in (post_save, post_delete):
        signal.connect(_zone_changed, sender=ZoneChange)


def _document_for(person: Enrollment, capacity: Capacity) -> ConsentDocument:
    """The document that a proxy of this capacity would sign, or where there is none any of the study's."""
    audiences = [audience for audience, who in conditions.CAPACITIES.items() if capacity in who]
    published = ConsentDocument.objects.filter(
        study=person.study_id, state=ConsentDocument.State.PUBLISHED
    ).order_by("locale", "pk")
    found = published.filter(audience__in=audiences).first() or published.first()
    if found is None:
        raise Refusal("no_document", "The study has no consent document in force.", status=409)
    return found


@transaction.atomic
def _zone_changed(instance: ZoneChange, **_: Any) -> None:
    both = (Party.PERMISSION, Party.ASSENT)
    held = ConsentState.objects.held().filter(enrollment=instance.enrollment_id, party__in=both)
    if held.exists():
        person = gate.lock(Enrollment(pk=instance.enrollment_id))
        person.consent_until = next_expiry(reproject(person))
        person.save(update_fields=["consent_until"])
        if person.consent_until:  # whoever looks too early finds nothing to do, and when to come back
            ConsentAgenda.objects.call([person.pk], person.consent_until)
