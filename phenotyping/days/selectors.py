"""Reading days: only the phenotypes whose every stream is permitted for the reader's purpose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from phenotyping.days.models import Day
from phenotyping.days.services import opened
from phenotyping.features.day import Measured
from phenotyping.features.registry import REGISTRY
from wellness.consent import gate
from wellness.consent.purposes import CONSENT_STREAMS
from wellness.studies.models import Enrollment


@dataclass(frozen=True)
class DayView:
    """One computed day as its reader may see it; `feature_set` is the version that its values come from."""

    on: date
    zone: str
    computed_at: datetime
    feature_set: str
    values: Mapping[str, Measured]
    observed_min: float
    expected_min: float

    @property
    def coverage(self) -> float:
        """Share of the day in which the phone was observed, 0 to 1."""
        return self.observed_min / self.expected_min if self.expected_min else 0.0


@dataclass(frozen=True)
class Series:
    """Daily values by phenotype on consecutive local dates; nan where there is none."""

    on: tuple[date, ...]
    y: Mapping[str, NDArray[np.float64]]


def visible_phenotypes(enrollment: Enrollment, purpose: str | None, at: datetime) -> frozenset[str]:
    """Names of the phenotypes that may be used for a purpose; all, when the person reads their own (None)."""
    if purpose is None:
        return frozenset(REGISTRY)
    permitted = gate.permitted(enrollment, purpose, CONSENT_STREAMS, at=at).keys()
    return frozenset(name for name, one in REGISTRY.items() if permitted >= set(one.streams))


def day_values(
    enrollment: Enrollment, from_on: date, to_on: date, *, purpose: str | None, at: datetime
) -> list[DayView]:
    """The computed days from `from_on` to `to_on`, both included, in order."""
    visible = visible_phenotypes(enrollment, purpose, at)
    days = Day.objects.computed().filter(enrollment=enrollment, on__range=(from_on, to_on))
    return [view(enrollment, day, visible) for day in days]


def view(enrollment: Enrollment, day: Day, visible: frozenset[str]) -> DayView:
    """One day with the visible phenotypes only."""
    values = {name: one for name, one in opened(enrollment, day).items() if name in visible}
    assert day.computed_at is not None  # nosec B101 # noqa: S101  the queryset says so
    return DayView(
        day.on, day.zone, day.computed_at, day.feature_set, values, day.observed_min, day.expected_min
    )


def series(
    enrollment: Enrollment,
    phenotypes: Iterable[str],
    from_on: date,
    to_on: date,
    *,
    purpose: str | None,
    at: datetime,
) -> Series:
    """Values of the named phenotypes for every date from `from_on` to `to_on`, both included."""
    days = day_values(enrollment, from_on, to_on, purpose=purpose, at=at)
    n_days = (to_on - from_on).days + 1
    y = {name: np.full(n_days, np.nan) for name in phenotypes}
    for day in days:
        for name, column in y.items():
            one = day.values.get(name)
            if one is not None and one.value is not None:
                column[(day.on - from_on).days] = one.value
    return Series(tuple(from_on + timedelta(days=k) for k in range(n_days)), y)
