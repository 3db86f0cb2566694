"""A person's usual range: what each of their days is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from wellness.web.measures import Measure

WINDOW = timedelta(days=28)
LEAST_DAYS = 7
MAD_TO_SD = 1.4826  # a normal sample's median absolute deviation times this is its standard deviation


@dataclass(frozen=True)
class Usual:
    """Median and spread of the days before; `low` to `high` holds about two days in three."""

    middle: float
    spread: float
    low: float
    high: float
    n_days: int

    def distance(self, value: float) -> float:
        """How many spreads a value lies from the middle."""
        return (value - self.middle) / self.spread


def usual(measure: Measure, days: Sequence[tuple[date, float | None]], before: date) -> Usual | None:
    """The usual range over the four weeks before a day; None with fewer than seven values."""
    values = [value for on, value in days if value is not None and before - WINDOW <= on < before]
    if len(values) < LEAST_DAYS:
        return None
    middle = median(values)
    spread = max(MAD_TO_SD * median(abs(value - middle) for value in values), measure.least_spread)
    low, high = max(middle - spread, 0.0), min(middle + spread, measure.high)
    return Usual(middle, spread, low, high, len(values))
