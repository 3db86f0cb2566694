"""The table of what is held, kept to what the events amount to, and when it next changes by the clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from wellness.consent.events import Key, Period, advance, fold
from wellness.consent.majority import majority_at
from wellness.consent.models import Action, ConsentAgenda, ConsentEvent, ConsentState
from wellness.studies.models import Enrollment, Phase

_STORED = tuple(field.name for field in fields(Period))


def periods_of(rows: Iterable[ConsentState]) -> list[Period]:
    """The periods that rows hold."""
    return [Period(**{name: getattr(row, name) for name in _STORED}) for row in rows]


def held(person: Enrollment) -> list[Period]:
    """What the person stands by: in force, or put aside by a pause."""
    return periods_of(ConsentState.objects.held().filter(enrollment=person))


def rebuilt(person: Enrollment) -> list[Period]:
    """The periods that the person's events amount to, made anew; the table must equal them."""
    events = ConsentEvent.objects.filter(enrollment=person).select_related("document").order_by("seq")
    return fold(events, majority_at=majority_at(person))


def project(person: Enrollment, event: ConsentEvent) -> list[Period]:
    """Bring the table to what `fold` would make of the events, this one included; what is held then."""
    rows = _rows(ConsentState.objects.held().filter(enrollment=person))
    after = advance((period for period, _ in rows.values()), event, majority_at=majority_at(person))
    _alter(rows, after)
    ConsentState.objects.bulk_create(
        ConsentState(enrollment=person, **{name: getattr(one, name) for name in _STORED})
        for one in after
        if one.key not in rows
    )
    return [one for one in after if one.is_held]


def reproject(person: Enrollment) -> list[Period]:
    """The table made to follow from its events again, when the person's clock was found to be another."""
    after = rebuilt(person)
    _alter(_rows(ConsentState.objects.filter(enrollment=person)), after)
    return [one for one in after if one.is_held]


def next_expiry(periods: Iterable[Period]) -> datetime | None:
    """When the first of what is in force ends by itself."""
    in_force = [one for one in periods if one.valid_to is None]
    return min((one.expires_at for one in in_force if one.expires_at), default=None)


def schedule(person: Enrollment, periods: Iterable[Period], now: datetime, *, done: bool = False) -> None:
    """Note when consent next changes by the clock, on the agenda and on the person, whom the caller saves.

    What is due and not yet `done` stays so.
    """
    person.consent_until = next_expiry(periods)
    changes = [at for at in (person.consent_until, _pause_ends(person)) if at is not None]
    next_at = min(changes, default=None)
    agenda = ConsentAgenda.objects.filter(enrollment=person)
    waiting = agenda if done else agenda.exclude(next_at__lte=now)
    if not waiting.update(next_at=next_at, run_after=now, attempts=0) and next_at and not agenda.exists():
        ConsentAgenda.objects.create(enrollment=person, next_at=next_at, run_after=now)


def _pause_ends(person: Enrollment) -> datetime | None:
    if person.phase != Phase.PAUSED:
        return None
    pauses = ConsentEvent.objects.filter(enrollment=person, action=Action.PAUSE).order_by("-seq")
    return pauses.values_list("until", flat=True).first()


def _rows(found: Iterable[ConsentState]) -> dict[Key, tuple[Period, int]]:
    rows = list(found)
    return {one.key: (one, row.pk) for one, row in zip(periods_of(rows), rows, strict=True)}


def _alter(rows: Mapping[Key, tuple[Period, int]], after: Iterable[Period]) -> None:
    """Change the rows whose period did, those that change alike in one statement."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for one in after:
        was, pk = rows.get(one.key, (one, 0))
        if one != was:
            alike[one.valid_to, one.expires_at, one.paused].append(pk)
    for (valid_to, expires_at, paused), pks in alike.items():
        ConsentState.objects.filter(pk__in=pks).update(
            valid_to=valid_to, expires_at=expires_at, paused=paused
        )
