"""How much of people's days is lost and why, from the minutes that days keep in clear: counts, no values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.db.models import Min, prefetch_related_objects

from phenotyping.days.gaps import ended
from phenotyping.days.models import Day
from phenotyping.features.gaps import Cause
from wellness.studies.models import Enrollment, Protocol

Minutes = Mapping[Cause, float]
Row = tuple[Minutes, str]  # lost minutes, and the silence that the day began in


def lost(people: Sequence[Enrollment], from_on: date, to_on: date) -> dict[int, Minutes]:
    """Minutes by cause and person in the local days from `from_on` to `to_on`, both included.

    Minutes of several streams count once. A day of which nothing came is lost as a whole, once there was one
    of which something came. Five queries, however many people.
    """
    prefetch_related_objects(list(people), "zone_changes")
    computed = Day.objects.computed().filter(enrollment__in=people)
    began = dict(computed.order_by().values_list("enrollment_id").annotate(Min("on")))
    rows: dict[int, dict[date, Row]] = {one.pk: {} for one in people}
    fields = computed.filter(on__gte=from_on).values_list("enrollment_id", "on", "lost_min", "silence")
    for pk, on, minutes, silence in fields:
        rows[pk][on] = minutes, silence
    protocols = Protocol.objects.filter(study__in={one.study_id for one in people})
    studies = set(protocols.values_list("study_id", flat=True))
    return {
        one.pk: _of(one, rows[one.pk], max(began[one.pk], from_on), to_on)
        if one.pk in began and one.study_id in studies
        else {}
        for one in people
    }


def _of(person: Enrollment, rows: Mapping[date, Row], from_on: date, to_on: date) -> Minutes:
    """The last day first, for a silence is known by how it ended."""
    zones = person.zones()
    last_on = min(to_on, zones.local_date(person.ended_at)) if person.ended_at else to_on
    lost_min: dict[Cause, float] = {}
    cause: Cause = "upload_stalled"
    on = max([to_on, *rows])
    while on >= from_on:
        minutes, silence = rows.get(on) or ({"silent": zones.day(on).minutes}, "silent")
        for name, n in minutes.items() if on <= last_on else ():
            known = cause if name == "silent" else name
            lost_min[known] = lost_min.get(known, 0.0) + n
        cause = ended(silence, cause)
        on -= timedelta(days=1)
    return lost_min
