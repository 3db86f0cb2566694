"""Looking back: what was agreed to at one date, as it was known at another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from wellness.consent.events import Period, fold
from wellness.consent.gate import covering
from wellness.consent.majority import majority_at
from wellness.consent.models import ConsentEvent
from wellness.studies.models import Enrollment


def as_known(person: Enrollment, known: datetime) -> list[Period]:
    """The periods that the person's events amounted to for whoever looked at `known`."""
    events = ConsentEvent.objects.filter(enrollment=person, at__lte=known)
    return fold(events.select_related("document").order_by("seq"), majority_at=majority_at(person))


def consented(
    person: Enrollment, purpose: str, streams: Iterable[str], *, on: datetime, known: datetime
) -> set[str]:
    """The streams whose data of the instant `on` might be used for the purpose, as was known at `known`.

    A grant that covers earlier data was not known before it was given; a withdrawal that came later was not
    known either.
    """
    windows = covering(as_known(person, known), purpose, streams)
    return {
        stream
        for stream, covered in windows.items()
        if any(since <= on and (until is None or on < until) for since, until in covered)
    }
