"""Figures, their words and their drawings."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from wellness.web.charts.drawing import draw, scale
from wellness.web.charts.figure import Ahead, Figure, Point
from wellness.web.charts.sparkline import sparkline
from wellness.web.charts.usual import usual
from wellness.web.measures import MEASURES, Measure
from wellness.web.words import amount, change, duration

SLEEP, STEPS, MOOD = (MEASURES[name] for name in ("sleep.duration", "steps.total", "survey.mood"))
TODAY = date(2026, 3, 29)  # the day that clocks change in Europe


def points(values: list[float | None], today: date = TODAY) -> list[Point]:
    first = today - timedelta(days=len(values) - 1)
    return [
        Point(first + timedelta(days=k), value, 0.0 if value is None else 0.8, None if value else "no_data")
        for k, value in enumerate(values)
    ]


def test_usual_is_median_and_scaled_mad() -> None:
    values = [400.0, 420, 440, 460, 480, 500, 520]
    days = [(TODAY - timedelta(days=7 - k), value) for k, value in enumerate(values)]
    found = usual(SLEEP, days, TODAY)
    assert found is not None
    assert found.middle == 460
    assert found.spread == pytest.approx(1.4826 * 40)
    assert usual(SLEEP, days[1:], TODAY) is None
    assert usual(SLEEP, days, TODAY + timedelta(days=30)) is None


def test_a_steady_person_is_not_called_changed_by_noise() -> None:
    figure = Figure(SLEEP, points([450.0] * 20 + [460.0]), TODAY)
    assert figure.verdict == ("→", "as usual")


def test_gaps_are_gaps() -> None:
    drawing = draw(Figure(SLEEP, points([400, 410, None, 420, None, 430, 440, 450]), TODAY))
    assert [len(line.split()) for line in drawing.lines] == [2, 3]
    assert drawing.dots.count("M") == 6


def test_the_sentence_says_value_day_and_usual_range() -> None:
    figure = Figure(SLEEP, points([450.0, 440, 460, 455, 445, 450, 452, 230]), TODAY)
    assert figure.sentence == "3 h 50 min today, far below usual (7 h 10 min to 7 h 50 min)."
    assert Figure(SLEEP, points([None, None]), TODAY).sentence == "No values in these 2 days."
    assert "seven days" in Figure(SLEEP, points([450.0]), TODAY).sentence


def test_the_forecast_is_a_band_after_the_days_with_its_words() -> None:
    ahead = [Ahead(TODAY + timedelta(days=k), 450, 400, 500) for k in range(1, 8)]
    figure = Figure(SLEEP, points([450.0] * 14), TODAY, ahead=ahead)
    drawing = draw(figure)
    assert (
        figure.outlook
        == "Likely 6 h 40 min to 8 h 20 min tomorrow and 6 h 40 min to 8 h 20 min on Sun 5 Apr."
    )
    assert drawing.width == 10 * (14 + 7)
    assert drawing.ahead_x == 140
    assert len(drawing.fan.split()) == 14


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=1, max_size=60),
    st.sampled_from([SLEEP, STEPS]),
)
def test_everything_drawn_is_inside_the_picture(values: list[float | None], measure: Measure) -> None:
    drawing = draw(Figure(measure, points(values), TODAY))
    for pair in " ".join(drawing.lines).split():
        x, y = map(float, pair.split(","))
        assert 0 <= x <= drawing.width
        assert 0 <= y <= 100
    assert drawing.grid == sorted(drawing.grid)


@given(st.lists(st.floats(0, 2e5), min_size=1, max_size=30))
def test_an_axis_has_two_to_four_round_steps_and_holds_all(values: list[float]) -> None:
    axis = scale(STEPS, values)
    assert 3 <= len(axis.ticks) <= 5
    assert axis.low <= min(values)
    assert axis.high >= max(values)


def test_the_chart_is_well_formed_and_has_sentence_and_table() -> None:
    figure = Figure(MOOD, points([6.0, None, 5, 7, 6, 6, 5, 6, 7, 2]), TODAY, marks=frozenset({TODAY}))
    context = {"figure": figure, "drawing": draw(figure), "heading": "h2"}
    html = render_to_string("partials/chart.html", context)
    root = ElementTree.fromstring(html)  # noqa: S314  our own template
    assert root.tag == "figure"
    assert figure.sentence in html
    assert len(root.findall(".//tbody/tr")) == 10
    assert "no data" in html


def test_sparklines_name_themselves_or_are_absent() -> None:
    assert sparkline([None, None], None, "Sleep") is None
    drawn = sparkline([1.0, None, 3.0, 4.0], None, "Sleep, last 14 days")
    assert drawn is not None
    assert len(drawn.lines) == 1
    assert drawn.label == "Sleep, last 14 days"


@pytest.mark.parametrize(("minutes", "words"), [(0, "0 min"), (59.6, "1 h"), (61, "1 h 1 min"), (480, "8 h")])
def test_durations_read_as_people_say_them(minutes: float, words: str) -> None:
    assert duration(minutes) == words


def test_amounts_carry_their_unit() -> None:
    assert amount(STEPS, 6240.4) == "6,240 steps"
    assert amount(MOOD, 6.04) == "6 of 10"
    assert amount(MEASURES["location.significant_places_visited"], 1) == "1 place"


@given(st.floats(-10, 10))
def test_change_words_are_symmetric(z: float) -> None:
    (_, up), (_, down) = change(abs(z)), change(-abs(z))
    assert up.replace("above", "below") == down
