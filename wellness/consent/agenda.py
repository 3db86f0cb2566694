"""What consent does by the clock: pauses end, grants expire, a new version asks those who agreed before.

The gate denies what has expired whether or not this ran; here it becomes an event, and other rooms hear.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db import transaction

from wellness.consent import gate, hooks
from wellness.consent.differences import terms_of
from wellness.consent.endings import end_of
from wellness.consent.models import Action, ConsentAgenda, ConsentDocument, ConsentEvent, ConsentState
from wellness.consent.pausing import resume
from wellness.consent.projection import held, schedule
from wellness.consent.purposes import Scope
from wellness.consent.services import note, resting_on
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment, Phase
from wellness.work.claims import LeaseLost


@transaction.atomic
def attend(pk: int, fence: int, now: datetime) -> None:
    """Bring one person's consent up to the clock; LeaseLost when another worker has."""
    agenda = ConsentAgenda.objects.select_related("enrollment").get(pk=pk)
    person = gate.lock(agenda.enrollment)
    supersede_old(person, now)
    _end_pause(person, now)
    expire_due(person, now)
    schedule(person, held(person), now, done=True)
    person.save(update_fields=["consent_until"])
    if not ConsentAgenda.objects.all().release(pk, fence):
        raise LeaseLost(f"consent {pk}")


def expire_due(person: Enrollment, now: datetime) -> ConsentEvent | None:
    """The event that ends what has expired, or None when nothing has; the caller holds the lock."""
    expired = {one.scope for one in held(person) if one.has_expired(now)}
    if not expired:
        return None
    revoked = frozenset(expired | resting_on(person, expired))
    event = note(person, Action.EXPIRE, expired, person=person, now=now)
    hooks.withdrawn(person, revoked, now)
    return event


def supersede_old(person: Enrollment, now: datetime) -> list[ConsentEvent]:
    """An event for each document that changed materially since the person agreed to it.

    What is offered on the same terms holds until the grace of the new version is over, all else ended with
    its publication; nothing new is inherited.
    """
    known = ConsentEvent.objects.filter(enrollment=person, action=Action.SUPERSEDE)
    told = set(known.values_list("document", flat=True))
    by_new: dict[ConsentDocument, dict[Scope, datetime]] = defaultdict(dict)
    rows = ConsentState.objects.held().filter(enrollment=person).select_related("document")
    for document in {row.document for row in rows}:
        new = _materially_new(document)
        if new is None or new.pk in told:
            continue
        before, after = terms_of(document), terms_of(new)
        published_at = new.effective_from or now
        for row in rows:
            if row.document_id == document.pk:
                scope = row.purpose, row.stream
                by_new[new][scope] = end_of(scope, before, after, new, published_at)
    return [
        note(
            person,
            Action.SUPERSEDE,
            ends,
            person=person,
            now=now,
            document=new,
            expiries=[[*scope, to_us(at)] for scope, at in sorted(ends.items())],
        )
        for new, ends in by_new.items()
    ]


def _materially_new(document: ConsentDocument) -> ConsentDocument | None:
    """The version in force, if it or one between differs materially from the document; else None."""
    later = ConsentDocument.objects.filter(
        study=document.study_id,
        audience=document.audience,
        locale=document.locale,
        version__gt=document.version,
    ).exclude(state=ConsentDocument.State.DRAFT)
    if not later.filter(change=ConsentDocument.Change.MATERIAL).exists():
        return None
    return later.filter(state=ConsentDocument.State.PUBLISHED).first()


def _end_pause(person: Enrollment, now: datetime) -> None:
    if person.phase != Phase.PAUSED:
        return
    last = ConsentEvent.objects.filter(enrollment=person, action=Action.PAUSE).order_by("-seq").first()
    if last and last.until and last.until <= now:
        resume(enrollment=person, now=now, covers_from=last.until, reason="the pause is over")
