"""Reading what reached a person."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from coach.delivery import guards
from coach.delivery.models import Delivery
from wellness.consent import gate
from wellness.consent.purposes import CONSENT_STREAMS, INTERVENE
from wellness.studies.models import Enrollment


def silenced(enrollment: Enrollment, now: datetime) -> bool:
    """True when not even a sent suggestion may be shown: coaching is not agreed to, or a hold is on."""
    agreed = gate.permitted(enrollment, INTERVENE, CONSENT_STREAMS, at=now)
    return not agreed or bool(guards.silencing(enrollment, now))


def inbox(enrollment: Enrollment, now: datetime) -> QuerySet[Delivery]:
    """Suggestions that still stand: sent, not answered, not expired, nothing silent; newest first."""
    if silenced(enrollment, now):
        return Delivery.objects.none()
    reached = Delivery.objects.to(enrollment).filter(response="", sent_at__lte=now, expires_at__gt=now)
    return reached.select_related("message__intervention")


def told(enrollment: Enrollment, now: datetime) -> QuerySet[Delivery]:
    """What was sent to the person, newest first; while the coach must be silent, only what was answered."""
    reached = Delivery.objects.to(enrollment).select_related("message__intervention")
    return reached.exclude(response="") if silenced(enrollment, now) else reached


def sent_since(enrollment: Enrollment, since: datetime, now: datetime) -> QuerySet[Delivery]:
    """What reached the person in (since, now]."""
    return Delivery.objects.to(enrollment).filter(sent_at__gt=since, sent_at__lte=now)


def last_answers(enrollment: Enrollment, now: datetime, n: int, within: timedelta) -> list[str]:
    """The answers to the last `n` suggestions of the time before `now`, newest first; "" for none."""
    recent = sent_since(enrollment, now - within, now)
    return list(recent.values_list("response", flat=True)[:n])
