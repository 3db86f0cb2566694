"""Marking days whose data changed; they are computed again from the whole set, never incremented."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db.models import F

from phenotyping.days.models import Day
from phenotyping.features.day import PAD_AFTER_H, PAD_BEFORE_H
from wellness.lib.clock import LocalDay
from wellness.studies.models import Enrollment

LOOKS_BACK = timedelta(hours=PAD_BEFORE_H)
LOOKS_AHEAD = timedelta(hours=PAD_AFTER_H)
LAST_MOMENT = timedelta(microseconds=1)

Span = tuple[datetime, datetime]


def mark_stale(*, enrollment: Enrollment, spans: Sequence[Span]) -> None:
    """Make every day due whose values depend on data in [first, last] of a span.

    A day that data fall into comes to be; a neighbour that only looks over the edge must exist already.
    """
    zones = enrollment.zones()
    own: dict[date, LocalDay] = {}
    near: set[date] = set()
    for first_at, last_at in spans:
        own |= {day.on: day for day in zones.days(first_at, last_at + LAST_MOMENT)}
        reach = zones.days(first_at - LOOKS_AHEAD, last_at + LOOKS_BACK + LAST_MOMENT)
        near |= {day.on for day in reach}
    _place(enrollment, own.values())
    days = Day.objects.filter(enrollment=enrollment, on__in=near | own.keys())
    days.update(stale_seq=F("stale_seq") + 1)


def recut(*, enrollment: Enrollment) -> int:
    """How many days have other edges, now that the person's zones are known better; these become due."""
    zones = enrollment.zones()
    moved = []
    spans: list[Span] = []
    for day in Day.objects.filter(enrollment=enrollment).only("on", "zone", "starts_at", "ends_at"):
        fresh = zones.day(day.on)
        if (day.zone, day.starts_at, day.ends_at) != (fresh.zone, fresh.starts_at, fresh.ends_at):
            moved.append(fresh)
            spans.append((day.starts_at, day.ends_at - LAST_MOMENT))
    if moved:
        # What left a day belongs to another one now, which may not exist yet.
        mark_stale(enrollment=enrollment, spans=[span for span in spans if span[0] <= span[1]])
        _place(enrollment, moved)
        days = Day.objects.filter(enrollment=enrollment, on__in=[day.on for day in moved])
        days.update(stale_seq=F("stale_seq") + 1)
    return len(moved)


def _place(enrollment: Enrollment, days: Iterable[LocalDay]) -> None:
    """Rows with the edges of these days, new where there was none."""
    Day.objects.bulk_create(
        [
            Day(
                enrollment=enrollment,
                on=day.on,
                zone=day.zone,
                starts_at=day.starts_at,
                ends_at=day.ends_at,
                run_after=day.starts_at,
            )
            for day in days
        ],
        update_conflicts=True,
        unique_fields=["enrollment", "on"],
        update_fields=["zone", "starts_at", "ends_at"],
    )
