"""A figure as the numbers of an SVG: x is ten units a day, y runs from 0 (top) to 100."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from wellness.web.charts.figure import Ahead, Figure
from wellness.web.measures import Measure
from wellness.web.words import amount, day, reason, span, tick

STEP, HEIGHT = 10, 100
WEEK = 7
MINUTES = (15, 30, 60, 120, 180, 240, 360, 480)


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high` with ticks every `step`."""

    low: float
    high: float
    step: float

    def y(self, value: float) -> float:
        """Where a value is drawn; outside the axis, at its edge."""
        inside = min(max(value, self.low), self.high)
        return round(HEIGHT * (1 - (inside - self.low) / (self.high - self.low)), 2)

    @property
    def ticks(self) -> list[float]:
        """The values of the grid lines, the highest first."""
        n = round((self.high - self.low) / self.step)
        return [self.low + self.step * i for i in range(n, -1, -1)]


def scale(measure: Measure, values: Sequence[float]) -> Scale:
    """An axis with two to four round steps that holds every value."""
    if measure.kind == "score":
        return Scale(0, measure.high, measure.high / 2)
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    low = max(low, 0.0)
    for step in _steps(measure):
        bottom, top = math.floor(low / step) * step, math.ceil(high / step) * step
        top = max(top, bottom + 2 * step)
        if (top - bottom) / step <= 4:
            return Scale(bottom, top, step)
    raise AssertionError("the steps grow without end")


def _steps(measure: Measure) -> list[float]:
    if measure.kind == "duration":
        return [*MINUTES, *(480.0 * 2**k for k in range(1, 12))]
    return [base * 10.0**power for power in range(12) for base in (1, 2, 5)]


@dataclass(frozen=True)
class Mark:
    """One day's column: where it is, what it says when pointed at, its look."""

    x: int
    title: str
    look: str


@dataclass(frozen=True)
class Drawing:
    """All that the chart's template draws; `band` is top, height and middle."""

    width: int
    lines: list[str]
    dots: str
    fan: str
    fan_line: str
    band: tuple[float, float, float] | None
    grid: list[float]
    tick_labels: list[str]
    week_labels: list[str]
    weekends: list[int]
    columns: list[Mark]
    coverage: list[Mark]
    marks: list[int]
    ahead_x: int | None


def draw(figure: Figure) -> Drawing:
    """The drawing of a figure: gaps stay gaps, and the axis runs on for the forecast."""
    axis = scale(figure.measure, _extent(figure))
    values = [point.value for point in figure.points]
    dates = _dates(figure)
    fan, fan_line = _fan(figure.ahead, axis, dates[0])
    normal = figure.usual
    top, bottom = (axis.y(normal.high), axis.y(normal.low)) if normal else (0.0, 0.0)
    return Drawing(
        width=STEP * len(dates),
        lines=runs(values, axis),
        dots=dots(values, axis),
        fan=fan,
        fan_line=fan_line,
        band=(top, round(bottom - top, 2), axis.y(normal.middle)) if normal else None,
        grid=[axis.y(value) for value in axis.ticks],
        tick_labels=[tick(figure.measure, value) for value in axis.ticks],
        week_labels=_weeks(dates),
        weekends=[STEP * i for i, on in enumerate(dates) if on.isoweekday() > 5],
        columns=_columns(figure, dates[0]),
        coverage=[Mark(STEP * i, "", f"share-{math.ceil(p.share * 4)}") for i, p in enumerate(figure.points)],
        marks=[_centre(i) for i, on in enumerate(dates) if on in figure.marks],
        ahead_x=STEP * (figure.ahead[0].on - dates[0]).days if figure.ahead else None,
    )


def _extent(figure: Figure) -> list[float]:
    found = [point.value for point in figure.points if point.value is not None]
    found += [bound for ahead in figure.ahead for bound in (ahead.low, ahead.high)]
    return found + ([figure.usual.low, figure.usual.high] if figure.usual else [])


def _dates(figure: Figure) -> list[date]:
    """The dates of the axis; with a forecast, a week more."""
    first = figure.points[0].on
    n_days = len(figure.points) + (WEEK if figure.ahead else 0)
    return [first + timedelta(days=k) for k in range(n_days)]


def _centre(index: int) -> int:
    return STEP * index + STEP // 2


def runs(values: Sequence[float | None], axis: Scale) -> list[str]:
    """One polyline a run of two or more observed days."""
    found: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            found.append([])
        else:
            found[-1].append(f"{_centre(index)},{axis.y(value)}")
    return [" ".join(run) for run in found if len(run) > 1]


def dots(values: Sequence[float | None], axis: Scale) -> str:
    """A path of zero-length strokes: with round caps they are dots, whatever the picture is stretched to."""
    return "".join(f"M{_centre(i)} {axis.y(v)}h0" for i, v in enumerate(values) if v is not None)


def _fan(ahead: Sequence[Ahead], axis: Scale, first: date) -> tuple[str, str]:
    """The band of the forecast as a polygon and its middle as a line."""
    at = [(_centre((a.on - first).days), a) for a in ahead]
    upper = [f"{x},{axis.y(a.high)}" for x, a in at]
    lower = [f"{x},{axis.y(a.low)}" for x, a in reversed(at)]
    return " ".join(upper + lower), " ".join(f"{x},{axis.y(a.mean)}" for x, a in at)


def _weeks(dates: Sequence[date]) -> list[str]:
    """A label a week, on at most six of them."""
    starts = [on for index, on in enumerate(dates) if index % WEEK == 0]
    every = math.ceil(len(starts) / 6)
    return ["" if index % every else f"{on.day} {on:%b}" for index, on in enumerate(starts)]


def _columns(figure: Figure, first: date) -> list[Mark]:
    said = {ahead.on: f"likely {span(figure.measure, ahead.low, ahead.high)}" for ahead in figure.ahead}
    looks = dict.fromkeys(said, "coming")
    for point in figure.points:
        if point.value is not None:
            said[point.on], looks[point.on] = amount(figure.measure, point.value), "seen"
        elif point.on not in said:
            said[point.on], looks[point.on] = reason(point.why), "empty"
    return [Mark(STEP * (on - first).days, f"{day(on)}: {said[on]}", looks[on]) for on in sorted(said)]
