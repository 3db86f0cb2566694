"""What a person's consent amounts to at one moment."""

from datetime import datetime

from django.db.models import Q, QuerySet

from wellness.consent.endings import has_ended
from wellness.consent.models import ConsentState
from wellness.studies.models import Enrollment, Phase


def in_force(person: Enrollment, *, now: datetime) -> QuerySet[ConsentState]:
    """The switches that are on; none while the person does not take part, or once the study has ended."""
    ended_at = person.study.ended_at
    if person.phase != Phase.ACTIVE or (ended_at is not None and ended_at <= now):
        return ConsentState.objects.none()
    unexpired = Q(expires_at=None) | Q(expires_at__gt=now)
    held = ConsentState.objects.filter(enrollment=person, valid_to=None, valid_from__lte=now)
    return held.filter(unexpired, ~has_ended(now))
