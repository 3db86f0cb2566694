from datetime import date

import pytest

from phenotyping.features.day import compute_day
from phenotyping.features.window import US_PER_MIN


@pytest.fixture
def sleep(columns, alive, window):
    def values(*uses):
        """Sleep of a night with use of the screen at (start, end) minutes after midnight."""
        rows = [row for start, end in uses for row in ((start, "on"), (end, "off"))]
        measured = compute_day({"screen": columns("state", *rows), **alive}, window)
        return {name.removeprefix("sleep."): found for name, found in measured.items() if "sleep" in name}

    return values


def numbers(found):
    return tuple(found[name].value for name in ("duration", "onset", "wake", "midpoint"))


def test_sleep_is_the_longest_gap_of_the_night(sleep):
    found = sleep((-240, -60), (420, 430), (600, 620), (700, 730))
    assert numbers(found) == (480, 660, 420, 900)


def test_a_short_check_does_not_end_sleep_and_a_long_one_does(sleep):
    assert numbers(sleep((-240, -60), (180, 182), (420, 430), (480, 490)))[0] == 480
    assert numbers(sleep((-240, -60), (180, 186), (420, 430), (480, 490)))[0] == 240


def test_short_looks_in_a_busy_evening_do_not_reach_back(sleep):
    looks = [(minute, minute + 1) for minute in range(-240, -30, 30)]
    assert numbers(sleep(*looks, (420, 430)))[1] == 720 - 59


def test_sleep_is_cut_at_the_edges_of_the_night_and_ends_after_midnight(sleep):
    assert numbers(sleep((-400, -390), (800, 810))) == (960, 480, 720, 960)
    assert numbers(sleep((-300, -239), (-10, 300), (400, 500), (600, 720)))[1:3] == (720 + 300, 400)


def test_sleep_whose_beginning_or_end_is_not_seen_is_undefined(sleep):
    still_asleep, first_row, silent = sleep((-240, -60)), sleep((420, 430), (500, 700)), sleep()
    for found in (still_asleep, first_row, silent):
        assert {value.reason for value in found.values()} == {"undefined"}


def test_a_first_look_at_the_screen_does_not_hide_the_sleep_after_it(sleep):
    assert numbers(sleep((-62, -60), (420, 430))) == (480, 660, 420, 900)


def test_a_night_with_too_few_signs_of_life_has_no_sleep(columns, window):
    rows = columns("state", (-241, "on"), (-240, "off"), (600, "on"), (601, "off"))
    found = compute_day({"screen": rows}, window)["sleep.duration"]
    assert (found.value, found.reason, found.observed_min) == (None, "low_coverage", 60 + 1 + 60)


def test_the_night_of_the_skipped_hour_is_an_hour_shorter(columns, window, window_of):
    short_day = window_of(date(2017, 3, 26))
    shift = (short_day.start_us - window.start_us) / US_PER_MIN
    times = [
        (-200, "on"),
        (-60, "off"),
        (360, "on"),
        (370, "off"),
        *((at, "off") for at in range(380, 700, 20)),
    ]
    rows = columns("state", *((shift + at, state) for at, state in times))
    alive = columns("lux", *((shift + at, 1.0) for at in range(-300, 1400, 30)))
    found = compute_day({"screen": rows, "light": alive}, short_day)
    assert found["sleep.duration"].value == 420
    assert found["sleep.wake"].value == 420
    assert found["sleep.duration"].expected_min == 900
