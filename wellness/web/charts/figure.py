"""One measure of one person over time: everything its chart, its sentence and its table say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from wellness.web.charts.usual import Usual, usual
from wellness.web.measures import Measure
from wellness.web.words import amount, change, day, named_day, reason, span


@dataclass(frozen=True)
class Point:
    """One day: its value, or why there is none; `share` of the day that was observed."""

    on: date
    value: float | None
    share: float
    why: str | None = None


@dataclass(frozen=True)
class Ahead:
    """One coming day as the twin expects it."""

    on: date
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Figure:
    """A measure's days, usual range, forecast and marked days; `history` holds the days before `points`."""

    measure: Measure
    points: Sequence[Point]
    today: date
    history: Sequence[Point] = ()
    ahead: Sequence[Ahead] = ()
    marks: frozenset[date] = field(default_factory=frozenset)

    @property
    def slug(self) -> str:
        """A name for ids in the page."""
        return self.measure.phenotype.replace(".", "-").replace("_", "-")

    @cached_property
    def last(self) -> Point | None:
        """The latest day that has a value."""
        return next((point for point in reversed(self.points) if point.value is not None), None)

    @cached_property
    def usual(self) -> Usual | None:
        """The usual range before the latest value."""
        before = self.last.on if self.last else self.today
        return usual(self.measure, [(p.on, p.value) for p in (*self.history, *self.points)], before)

    @property
    def percent(self) -> int:
        """How much of the shown days was observed."""
        return round(100 * sum(point.share for point in self.points) / len(self.points)) if self.points else 0

    @cached_property
    def distance(self) -> float | None:
        """How far the latest value is from usual, in spreads."""
        last, normal = self.last, self.usual
        return normal.distance(last.value) if last and normal and last.value is not None else None

    @cached_property
    def verdict(self) -> tuple[str, str] | None:
        """Arrow and words for the latest value against usual."""
        return None if self.distance is None else change(self.distance)

    @property
    def sentence(self) -> str:
        """What the chart says, in one or two sentences."""
        last, normal = self.last, self.usual
        if last is None or last.value is None:
            return f"No values in these {len(self.points)} days."
        said = f"{amount(self.measure, last.value)} {named_day(last.on, self.today)}"
        if normal is None or self.verdict is None:
            return f"{said}. A usual range needs seven days with values."
        return f"{said}, {self.verdict[1]} ({span(self.measure, normal.low, normal.high)})."

    @property
    def outlook(self) -> str:
        """The forecast's first and last day in words; empty without a forecast."""
        if not self.ahead:
            return ""
        first, final = self.ahead[0], self.ahead[-1]
        return (
            f"Likely {span(self.measure, first.low, first.high)} {named_ahead(first.on, self.today)}"
            f" and {span(self.measure, final.low, final.high)} on {day(final.on)}."
        )

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """The table, newest day first: day, value or reason, share observed."""
        return [
            (
                day(point.on),
                reason(point.why) if point.value is None else amount(self.measure, point.value),
                f"{point.share:.0%}",
            )
            for point in reversed(self.points)
        ]

    @property
    def ahead_rows(self) -> list[tuple[str, str]]:
        """The forecast as a table: day and likely range."""
        return [(day(a.on), span(self.measure, a.low, a.high)) for a in self.ahead]


def named_ahead(on: date, today: date) -> str:
    """ "today", "tomorrow" or the date."""
    return {0: "today", 1: "tomorrow"}.get((on - today).days, f"on {day(on)}")
