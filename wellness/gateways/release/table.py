"""A table of days in which nobody can be found.

A row is a person and a day. It has no code, no site, no zone and no places; dates are shifted by whole weeks
so that everybody begins in the same week. No date and no measure is kept of fewer than K people, and extremes
are drawn in until K people reach them.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.conf import settings

from phenotyping.days.models import Day
from phenotyping.days.selectors import view
from phenotyping.features.registry import REGISTRY
from wellness.consent import gate
from wellness.consent.purposes import CONSENT_STREAMS, EXPORT_DEIDENTIFIED
from wellness.lib.sealing import subkey
from wellness.studies import keys
from wellness.studies.models import GONE, Enrollment, Phase, Study

K = 5
FIRST_WEEK = date(2000, 1, 3)  # a Monday
WHERE = frozenset({"gps", "wifi", "bluetooth"})  # tell where somebody was
DIGITS = 3

Values = Mapping[str, float]
T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One day of one person."""

    person: str
    on: date
    values: Values


@dataclass(frozen=True)
class Table:
    """What may leave, and how much it is."""

    measures: Sequence[str]
    rows: Sequence[Row]
    people: Sequence[Enrollment]  # whose days are in it

    @property
    def n_people(self) -> int:
        """How many people it has."""
        return len({row.person for row in self.rows})


def table(study: Study, release_id: UUID, now: datetime) -> Table:
    """The days of everyone who agrees to it now; another release names the same person otherwise."""
    rows, named = [], {}
    for person, allowed in agreed(study, now).items():
        name = name_in(release_id, person.public_id)
        own = _days(person, name, allowed)
        rows += own
        named[name] = person
    measures, kept = anonymous(rows)
    people = [named[name] for name in sorted({row.person for row in kept})]
    return Table(measures, kept, people)


def agreed(study: Study, now: datetime) -> dict[Enrollment, frozenset[str]]:
    """Who lets what leave without their identity: the measures whose every stream they agreed to."""
    people = Enrollment.objects.filter(study=study).exclude(phase__in=[*GONE, Phase.WITHDRAWN])
    found = list(people.select_related("study").prefetch_related("zone_changes").order_by("pk"))
    permits = gate.permitted_many([one.pk for one in found], EXPORT_DEIDENTIFIED, CONSENT_STREAMS, at=now)
    placeless = {name: set(one.streams) for name, one in REGISTRY.items() if not WHERE & set(one.streams)}
    allowed = {
        one: frozenset(name for name, needs in placeless.items() if needs <= permits[one.pk].keys())
        for one in found
    }
    return {one: names for one, names in allowed.items() if names}


def anonymous(rows: Sequence[Row]) -> tuple[list[str], list[Row]]:
    """The measures and rows in which every date and every measure is of K people, extremes drawn in."""
    kept = list(rows)
    while True:
        measures = _common((name, row.person) for row in kept for name in row.values)
        dates = _common((row.on, row.person) for row in kept)
        fewer = [
            Row(row.person, row.on, values)
            for row in kept
            if row.on in dates and (values := {n: v for n, v in row.values.items() if n in measures})
        ]
        if fewer == kept:
            break
        kept = fewer
    limits = {name: _limits(kept, name) for name in measures}
    return sorted(measures), sorted((_drawn_in(row, limits) for row in kept), key=lambda r: (r.person, r.on))


def _common(pairs: Iterable[tuple[T, str]]) -> set[T]:
    """What K people or more have."""
    people: defaultdict[T, set[str]] = defaultdict(set)
    for what, person in pairs:
        people[what].add(person)
    return {what for what, theirs in people.items() if len(theirs) >= K}


def _limits(rows: Sequence[Row], name: str) -> tuple[float, float]:
    """Between which K people's lowest and K people's highest values reach."""
    lowest: dict[str, float] = {}
    highest: dict[str, float] = {}
    for row in rows:
        if name in row.values:
            value = row.values[name]
            lowest[row.person] = min(value, lowest.get(row.person, value))
            highest[row.person] = max(value, highest.get(row.person, value))
    low, high = sorted(lowest.values())[K - 1], sorted(highest.values())[-K]
    middle = (low + high) / 2
    return (low, high) if low < high else (middle, middle)  # too few to tell one end from the other


def _drawn_in(row: Row, limits: Mapping[str, tuple[float, float]]) -> Row:
    drawn = {}
    for name, value in row.values.items():
        low, high = limits[name]
        drawn[name] = float(f"{min(max(value, low), high):.{DIGITS}g}")
    return Row(row.person, row.on, drawn)


def _days(person: Enrollment, name: str, allowed: frozenset[str]) -> list[Row]:
    """A person's days, the first of them in the first week and on its own day of the week."""
    keys.warm([person])
    days = list(Day.objects.computed().filter(enrollment=person))
    if not days:
        return []
    first = days[0].on
    shift = first - timedelta(days=first.weekday()) - FIRST_WEEK
    found = []
    for day in days:
        seen = view(person, day, allowed).values
        values = {name: one.value for name, one in seen.items() if one.value is not None}
        if values:
            found.append(Row(name, day.on - shift, values))
    return found


def name_in(release_id: UUID, person: UUID) -> str:
    """By which name a person is in a release, and in no other."""
    key = subkey(settings.INDEX_KEY.encode(), f"release|{release_id}")
    return hmac.new(key, person.bytes, "sha256").hexdigest()[:16]
