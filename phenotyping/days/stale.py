"""Marking days whose data changed; they are computed again from the whole set, never incremented."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import BigIntegerField, Case, DateField, F, When

from phenotyping.days.models import Day
from phenotyping.features.day import PAD_AFTER_H, PAD_BEFORE_H
from phenotyping.intake.presence import any_samples
from phenotyping.surveys.models import Answer
from wellness.lib.clock import LocalDay, ZoneHistory
from wellness.prepared import Given, Update, insert
from wellness.studies.models import Enrollment

LOOKS_BACK = timedelta(hours=PAD_BEFORE_H)
LOOKS_AHEAD = timedelta(hours=PAD_AFTER_H)
LAST_MOMENT = timedelta(microseconds=1)
DAYS_AT_ONCE = 500  # a statement has so many parameters at most

Span = tuple[datetime, datetime]


def mark_stale(*, enrollment: Enrollment, spans: Sequence[Span], zones: ZoneHistory) -> None:
    """Make every day due whose values depend on data in [first, last] of a span.

    A day that data fall into comes to be; a neighbour that only looks over the edge must exist already.
    """
    own: dict[date, LocalDay] = {}
    near: set[date] = set()
    for first_at, last_at in spans:
        own |= {day.on: day for day in zones.days(first_at, last_at + LAST_MOMENT)}
        reach = zones.days(first_at - LOOKS_AHEAD, last_at + LOOKS_BACK + LAST_MOMENT)
        near |= {day.on for day in reach}
    touched = sorted(near | own.keys())
    if not touched:
        return
    given = {f"on{at}": on for at, on in enumerate(touched)}
    known = _stale(len(touched)).run(person=enrollment.pk, **given)
    _place(enrollment, [day for on, day in own.items() if on not in known])


@lru_cache(64)
def _stale(n_days: int) -> Update:
    """That many days of a person, due again."""
    days: list[Any] = [Given(f"on{at}", DateField()) for at in range(n_days)]
    return Update(
        lambda: Day.objects.filter(enrollment_id=Given("person", BigIntegerField()), on__in=days),
        returning="on",
        stale_seq=F("stale_seq") + 1,
        run_after=Case(When(attempts=0, then=F("starts_at")), default=F("run_after")),  # who failed waits
    )


def recut(*, enrollment: Enrollment) -> int:
    """How many days have other edges, now that the person's zones are known better; these become due.

    What left a day belongs to another one, which comes to be; a day that nothing is left of goes. So the days
    there are follow from data and zones, not from what was known of the zones when the data came.
    """
    zones = enrollment.zones()
    moved = []
    spans: list[Span] = []
    for day in Day.objects.filter(enrollment=enrollment).only("on", "zone", "starts_at", "ends_at"):
        fresh = zones.day(day.on)
        if (day.zone, day.starts_at, day.ends_at) != (fresh.zone, fresh.starts_at, fresh.ends_at):
            moved.append(fresh)
            spans.append((day.starts_at, day.ends_at - LAST_MOMENT))
    if moved:
        spans = [span for span in spans if span[0] <= span[1]]
        mark_stale(enrollment=enrollment, spans=spans, zones=zones)
        _place(enrollment, moved)
        days = Day.objects.filter(enrollment=enrollment, on__in=[day.on for day in moved])
        days.update(stale_seq=F("stale_seq") + 1)
        made = [day for first, last in spans for day in zones.days(first, last + LAST_MOMENT)]
        _drop_empty(enrollment, {day.on: day for day in (*moved, *made)}.values())
    return len(moved)


def _drop_empty(enrollment: Enrollment, days: Iterable[LocalDay]) -> None:
    """Take those days away into which no sample and no answer falls."""
    answers = Answer.objects.filter(enrollment=enrollment)
    empty = [
        day.on
        for day in days
        if not answers.filter(recorded_at__gte=day.starts_at, recorded_at__lt=day.ends_at).exists()
        and not any_samples(enrollment, day.starts_at, day.ends_at)
    ]
    Day.objects.filter(enrollment=enrollment, on__in=empty).delete()


def _place(enrollment: Enrollment, days: Iterable[LocalDay]) -> None:
    """Rows with the edges of these days, new where there was none."""
    rows = [
        Day(
            enrollment=enrollment,
            on=day.on,
            zone=day.zone,
            starts_at=day.starts_at,
            ends_at=day.ends_at,
            run_after=day.starts_at,
        )
        for day in days
    ]
    for first in range(0, len(rows), DAYS_AT_ONCE):
        insert(
            rows[first : first + DAYS_AT_ONCE],
            conflict='ON CONFLICT (enrollment_id, "on") DO UPDATE '
            "SET zone = excluded.zone, starts_at = excluded.starts_at, ends_at = excluded.ends_at",
        )
