import dataclasses
from datetime import date

import pytest

from phenotyping.features.day import compute_day
from phenotyping.features.window import US_PER_MIN


@pytest.fixture
def screen(columns, alive, window):
    def values(*rows, within=window):
        measured = compute_day({"screen": columns("state", *rows), **alive}, within)
        return {name.removeprefix("screen."): found.value for name, found in measured.items()}

    return values


def half_hour(window, minute):
    start_us = window.start_us + minute * US_PER_MIN
    return dataclasses.replace(window, start_us=start_us, end_us=start_us + 30 * US_PER_MIN)


def test_durations_split_at_window_edges_and_counts_stay_at_the_start(screen, window):
    """Cases 11 and 12: niimpy puts the whole hour in the first bin, RAPIDS counts it in each."""
    use = (590, "unlocked"), (650, "off")
    found = [screen(*use, within=half_hour(window, minute)) for minute in (570, 600, 630)]
    assert [values["unlock_total_duration"] for values in found] == [10, 30, 20]
    assert [values["unlock_count"] for values in found] == [1, 0, 0]
    assert [values["unlock_mean_duration"] for values in found] == [60, None, None]


def test_use_over_midnight_counts_the_day_before_and_lasts_into_this_one(screen):
    values = screen((-30, "on"), (-29, "unlocked"), (20, "off"), (400, "on"), (401, "off"))
    assert (values["unlock_count"], values["unlock_total_duration"]) == (0, 20)
    assert (values["screen_on_count"], values["screen_on_total_duration"]) == (1, 21)


def test_a_repeated_unlock_belongs_to_the_episode_of_the_first(screen):
    values = screen((600, "unlocked"), (610, "unlocked"), (615, "on"), (620, "off"), (621, "off"))
    assert (values["unlock_count"], values["unlock_total_duration"]) == (1, 20)


def test_a_lock_ends_use_unless_it_is_the_by_product_of_a_switch(screen):
    second = 1 / 60
    values = screen((600, "on"), (600 + 0.2 * second, "unlocked"), (605, "locked"), (610, "off"))
    assert values["unlock_total_duration"] == pytest.approx(5 - 0.2 / 60)
    values = screen((600, "unlocked"), (601, "on"), (601 + 0.04 * second, "locked"), (610, "off"))
    assert values["unlock_total_duration"] == 10


def test_a_phone_that_tells_only_lock_and_unlock_has_no_screen_time(screen):
    values = screen((600, "unlocked"), (605, "locked"))
    assert (values["unlock_total_duration"], values["screen_on_count"]) == (5, None)


def test_episodes_without_an_off_within_six_hours_are_dropped(screen):
    values = screen((360, "unlocked"), (721, "off"), (800, "unlocked"), (1160, "off"), (1300, "unlocked"))
    assert (values["unlock_count"], values["unlock_total_duration"]) == (1, 360)


def test_use_that_ends_after_midnight_counts_where_it_starts(screen):
    values = screen((1_430, "unlocked"), (1_785, "off"))
    assert (values["unlock_count"], values["unlock_total_duration"], values["unlock_mean_duration"]) == (
        1,
        10,
        355,
    )


def test_first_unlock_counts_from_five_by_the_clock_on_the_wall(screen, columns, alive, window, window_of):
    assert screen((299, "unlocked"), (301, "off"), (431, "unlocked"), (432, "off"))["first_unlock"] == 431
    assert screen((299, "unlocked"), (301, "off"))["first_unlock"] is None
    short_day = window_of(date(2017, 3, 26))
    late_us = short_day.start_us - window.start_us
    rows = [(late_us / US_PER_MIN + minute, state) for minute, state in ((360, "unlocked"), (361, "off"))]
    found = compute_day({"screen": columns("state", *rows)}, short_day)["screen.first_unlock"]
    assert (found.value, found.reason) == (None, "low_coverage")
    rows += [(late_us / US_PER_MIN + minute, "off") for minute in range(362, 1300, 30)]
    assert compute_day({"screen": columns("state", *rows)}, short_day)["screen.first_unlock"].value == 420


def test_an_alive_phone_without_screen_rows_was_not_used(screen, alive, window):
    assert screen()["unlock_count"] == 0
    assert (
        compute_day({"screen": {"time": alive["light"]["time"][:0]}}, window)["screen.unlock_count"].reason
        == "no_data"
    )
