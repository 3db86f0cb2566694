"""Figures of one person from their days and their twin's forecast, as far as the reader may see them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from phenotyping.days.selectors import DayView, day_values
from phenotyping.features.day import Measured
from phenotyping.twins.selectors import ForecastView, latest_forecast
from wellness.studies.models import Enrollment
from wellness.web.charts.figure import Ahead, Figure, Point
from wellness.web.charts.usual import WINDOW
from wellness.web.measures import Measure


def read_figures(
    enrollment: Enrollment,
    measures: Sequence[Measure],
    *,
    n_days: int,
    purpose: str | None,
    now: datetime,
    marks: frozenset[date] = frozenset(),
) -> list[Figure]:
    """One figure a measure: the last `n_days` local days up to today, and the week to come."""
    today = enrollment.zones().local_date(now)
    first = today - timedelta(days=n_days - 1)
    days = day_values(enrollment, first - WINDOW, today, purpose=purpose, at=now)
    forecast = latest_forecast(enrollment, purpose=purpose, at=now)
    return [figure(measure, days, first, today, forecast=forecast, marks=marks) for measure in measures]


def figure(
    measure: Measure,
    days: Sequence[DayView],
    first: date,
    today: date,
    *,
    forecast: ForecastView | None = None,
    marks: frozenset[date] = frozenset(),
) -> Figure:
    """The figure of one measure from days already read: `first` to `today`, and as history those before."""
    by_date = {one.on: one.values for one in days}
    n_days = (today - first).days + 1
    history = [point(measure, by_date, first - timedelta(days=k), today) for k in range(WINDOW.days, 0, -1)]
    shown = [point(measure, by_date, first + timedelta(days=k), today) for k in range(n_days)]
    known = max((one.on for one in shown if one.value is not None), default=first)
    return Figure(measure, shown, today, history, _ahead(measure, forecast, today, known), marks)


def point(measure: Measure, days: Mapping[date, Mapping[str, Measured]], on: date, today: date) -> Point:
    """One day of one measure; a measure that grows through the day has no value before it is over."""
    if on not in days:
        return Point(on, None, 0.0, "not_computed" if on == today else "no_data")
    one = days[on].get(measure.phenotype)
    if one is None:
        return Point(on, None, 0.0, "no_data")
    share = min(one.observed_min / one.expected_min, 1.0) if one.expected_min else 0.0
    if on == today and measure.grows:
        return Point(on, None, share, "not_over")
    return Point(on, one.value, share, one.reason)


def _ahead(measure: Measure, forecast: ForecastView | None, today: date, known: date) -> list[Ahead]:
    """The forecast's days from today on that are not yet known; of an old forecast nothing is left."""
    expected = forecast.variables.get(measure.phenotype) if forecast else None
    if expected is None:
        return []
    rows = zip(expected.on, expected.mean, expected.low, expected.high, strict=True)
    coming = [row for row in rows if row[0] >= today and known < row[0] <= today + timedelta(days=7)]
    return [Ahead(on, *(min(value, measure.high) for value in values)) for on, *values in coming]
