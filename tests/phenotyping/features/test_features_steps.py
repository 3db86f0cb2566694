import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.features.day import compute_day
from phenotyping.features.steps import per_minute
from phenotyping.features.window import US_PER_MIN


@pytest.fixture
def steps(columns, alive, window):
    def values(*rows, others=alive):
        measured = compute_day({"steps": columns("steps duration_s", *rows), **others}, window)
        return {name.removeprefix("steps."): found for name, found in measured.items()}

    return values


def walk(start, n_minutes, cadence):
    return [(start + minute, cadence, 60.0) for minute in range(n_minutes)]


def test_steps_of_an_interval_over_midnight_count_in_proportion(steps):
    found = steps((-30, 600.0, 3_600.0), *walk(600, 10, 100.0), (1_430, 300.0, 900.0))
    assert found["total"].value == pytest.approx(300 + 1_000 + 200)


def test_a_minute_is_active_from_ten_steps_on(steps):
    found = steps(*walk(600, 20, 10.0), *walk(700, 20, 9.0), (800, 45.0, 300.0), (900, 70.0, 420.0))
    assert found["active_minutes"].value == 20 + 7


def test_peak_cadence_takes_the_best_thirty_minutes_in_any_order(steps):
    found = steps(*walk(500, 20, 120.0), *walk(700, 20, 90.0), *walk(900, 60, 30.0))
    assert found["peak_30min_cadence"].value == pytest.approx((20 * 120 + 10 * 90) / 30)


def test_long_intervals_leave_cadence_undefined_and_the_total_known(steps):
    found = steps((480, 3_000.0, 3_600.0), *walk(700, 10, 100.0))
    assert found["total"].value == 4_000
    assert {found[name].reason for name in ("active_minutes", "peak_30min_cadence")} == {"undefined"}


def test_cadence_is_known_when_half_of_the_steps_come_from_short_intervals(steps):
    found = steps((480, 1_000.0, 3_600.0), *walk(700, 10, 100.0))
    assert found["active_minutes"].value == 60 + 10


def test_no_rows_on_an_alive_phone_are_no_steps_and_on_a_dead_one_no_data(steps):
    assert [found.value for found in steps().values()] == [0, 0, 0]
    assert {found.reason for found in steps(others={}).values()} == {"no_data"}


def test_intervals_are_observed_minutes_of_their_own(steps):
    found = steps((0, 5_000.0, 43_200.0), others={})["total"]
    assert (found.observed_min, found.value) == (720, 5_000)


def test_repeated_rows_and_impossible_rates_do_not_count(steps):
    rows = walk(600, 10, 100.0)
    found = steps(*(row for row in rows for _ in range(2)), (700, 5_000.0, 60.0))
    assert found["total"].value == 1_000


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-90, 1500), st.integers(1, 5_000), st.integers(0, 400)), min_size=1, max_size=15
    )
)
def test_minutes_equal_a_plain_sum_over_intervals(window, rows):
    starts = window.start_us + np.array([at for at, _, _ in rows], np.int64) * US_PER_MIN
    ends = starts + np.array([length for _, length, _ in rows], np.int64) * 1_000_000
    steps = np.array([float(n) for _, _, n in rows])
    edges = np.arange(window.start_us, window.end_us, US_PER_MIN)[:, None]
    inside = np.clip(np.minimum(ends, edges + US_PER_MIN) - np.maximum(starts, edges), 0, None)
    expected = (inside * steps / (ends - starts)).sum(axis=1)
    assert per_minute(starts, ends, steps, window) == pytest.approx(expected, abs=2e-6)
