"""Reading what reached a person."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from coach.delivery.models import Delivery
from wellness.studies.models import Enrollment


def inbox(enrollment: Enrollment, now: datetime) -> QuerySet[Delivery]:
    """Suggestions that still stand: sent, not answered, not expired; newest first."""
    reached = Delivery.objects.to(enrollment).filter(response="", sent_at__lte=now, expires_at__gt=now)
    return reached.select_related("message__intervention")


def sent_since(enrollment: Enrollment, since: datetime, now: datetime) -> QuerySet[Delivery]:
    """What reached the person in (since, now]."""
    return Delivery.objects.to(enrollment).filter(sent_at__gt=since, sent_at__lte=now)


def last_answers(enrollment: Enrollment, now: datetime, n: int, within: timedelta) -> list[str]:
    """The answers to the last `n` suggestions of the time before `now`, newest first; "" for none."""
    recent = sent_since(enrollment, now - within, now)
    return list(recent.values_list("response", flat=True)[:n])
