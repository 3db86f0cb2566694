"""How each variable is taken from a person's data at one instant."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from coach.decisions import variables
from coach.decisions.hearing import heard_share, steps_in
from coach.decisions.variables import NOTHING_SENT_MIN, REGISTRY
from coach.delivery.selectors import sent_since
from coach.rules.variables import Reading, Variable
from phenotyping.days.selectors import day_values
from phenotyping.intake.reading import read
from phenotyping.streams.samples import TIME
from phenotyping.surveys.selectors import latest_report
from phenotyping.twins.selectors import latest_forecast
from wellness.consent.purposes import INTERVENE
from wellness.lib.clock import from_us, to_us
from wellness.studies.models import Enrollment

CODE_VERSION = "readings-1"
HOUR = timedelta(hours=1)
SATURDAY = 5


@dataclass
class _Now:
    """Whose data, which streams of them, and the instant at which they are read."""

    enrollment: Enrollment
    at: datetime
    permitted: frozenset[str]

    @cached_property
    def heard_share(self) -> float:
        """Share of the last hour in which the phone was heard of."""
        return heard_share(self.enrollment, self.permitted, self.at - HOUR, self.at)


@dataclass(frozen=True)
class _Taken:
    """A value, when it was so, and how well it was observed."""

    value: float | bool | str
    at: datetime
    coverage: float | None = None
    source: str = CODE_VERSION


def gather(
    enrollment: Enrollment, names: Iterable[str], permitted: Iterable[str], now: datetime
) -> dict[str, Reading]:
    """A reading of each named variable as known at `now`.

    A variable whose streams are not all permitted is not read at all: its reading says "not consented".
    """
    person = _Now(enrollment, now, frozenset(permitted))
    return {name: _reading(REGISTRY[name], person) for name in sorted(names)}


def _reading(variable: Variable, now: _Now) -> Reading:
    consented = now.permitted >= set(variable.streams)
    taken = _TAKERS[variable.name](now) if consented else None
    if taken is None:
        return Reading(None, None, consented=consented, unit=variable.unit, source_version=CODE_VERSION)
    return Reading(
        taken.value,
        to_us(taken.at),
        taken.coverage,
        consented=True,
        unit=variable.unit,
        source_version=taken.source,
    )


def _steps_60m(now: _Now) -> _Taken | None:
    """Steps of the hour before; a phone that was not heard of is not one that stood still."""
    if now.heard_share == 0:
        return None
    return _Taken(steps_in(now.enrollment, now.at - HOUR, now.at), now.at, now.heard_share)


def _unlocked_60m(now: _Now) -> _Taken | None:
    if now.heard_share == 0:
        return None
    columns = read(now.enrollment, ["screen"], now.at - 2 * HOUR, now.at)["screen"]
    if not columns[TIME].size:
        return _Taken(0.0, now.at, now.heard_share)
    edges = np.clip(np.append(columns[TIME], to_us(now.at)), to_us(now.at - HOUR), None)
    minutes = np.diff(edges)[_in_use(columns["state"])].sum() / 60e6
    return _Taken(float(minutes), now.at, now.heard_share)


def _in_use(state: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Whether the phone is unlocked after each event: from an unlock until it is off or locked."""
    marks = np.where(state == "unlocked", 1, np.where((state == "off") | (state == "locked"), 0, -1))
    last = np.maximum.accumulate(np.where(marks >= 0, np.arange(marks.size), 0))
    return np.asarray(marks[last] == 1)


def _of_day(now: _Now, phenotype: str, days_ago: int) -> _Taken | None:
    """A phenotype of the local day so many days ago, as computed by now."""
    zones = now.enrollment.zones()
    on = zones.local_date(now.at) - timedelta(days=days_ago)
    days = day_values(now.enrollment, on, on, purpose=INTERVENE, at=now.at)
    one = days[0].values.get(phenotype) if days else None
    if one is None or one.value is None:
        return None
    return _Taken(one.value, min(zones.day(on).ends_at, now.at), one.yield_ratio, days[0].feature_set)


def _sleep_last_night(now: _Now) -> _Taken | None:
    return _of_day(now, "sleep.duration", 0)


def _steps_yesterday(now: _Now) -> _Taken | None:
    return _of_day(now, "steps.total", 1)


def _steps_expected(now: _Now) -> _Taken | None:
    view = latest_forecast(now.enrollment, purpose=INTERVENE, at=now.at)
    today = now.enrollment.zones().local_date(now.at)
    ahead = view.variables.get("steps.total") if view else None
    if view is None or ahead is None or today not in ahead.on:
        return None
    return _Taken(ahead.mean[ahead.on.index(today)], view.made_at, source=view.model_version)


def _mood(now: _Now) -> _Taken | None:
    since = now.at - timedelta(minutes=variables.MOOD.max_age_min or 0)
    found = latest_report(now.enrollment, "survey.mood", since, now.at)
    return _Taken(found[1], found[0]) if found else None


def _mins_since_sent(now: _Now) -> _Taken:
    since = now.at - timedelta(minutes=NOTHING_SENT_MIN)
    sent_at = sent_since(now.enrollment, since, now.at).values_list("sent_at", flat=True).first()
    minutes = (now.at - sent_at).total_seconds() / 60 if sent_at else NOTHING_SENT_MIN
    return _Taken(minutes, now.at)


def _activity(now: _Now) -> _Taken | None:
    columns = read(now.enrollment, ["activity"], now.at - HOUR, now.at)["activity"]
    if not columns[TIME].size:
        return None
    return _Taken(str(columns["activity"][-1]), from_us(int(columns[TIME][-1])))


def _weekend(now: _Now) -> _Taken:
    return _Taken(now.enrollment.zones().local_date(now.at).weekday() >= SATURDAY, now.at)


_TAKERS: Mapping[str, Callable[[_Now], _Taken | None]] = MappingProxyType(
    {
        "steps_60m": _steps_60m,
        "unlocked_60m": _unlocked_60m,
        "sleep_last_night": _sleep_last_night,
        "steps_yesterday": _steps_yesterday,
        "steps_expected": _steps_expected,
        "mood": _mood,
        "mins_since_sent": _mins_since_sent,
        "activity": _activity,
        "weekend": _weekend,
    }
)
