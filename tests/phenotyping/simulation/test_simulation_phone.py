"""The rows of a phone: windows, ranges, gaps, and agreement with the truth."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.simulation.life import DayTruth, live
from phenotyping.simulation.person import Person, make_cohort
from phenotyping.simulation.phone import UNSENSED, Nudge, record
from phenotyping.simulation.scene import Samples
from phenotyping.streams.catalogue import STREAM_NAMES, STREAMS
from phenotyping.streams.columns import Column
from wellness.lib.clock import from_us

FIRST_ON = date(2025, 3, 3)
HOUR_US = 3_600_000_000
COHORT = make_cohort(6, seed=4)
DAYS = [live(person, FIRST_ON, 21) for person in COHORT]


def _reliable(person: Person) -> Person:
    return replace(
        person,
        gps_gap_rate=0.0,
        app_gap_rate=0.0,
        silent_day_rate=0.0,
        permission_lost=None,
        wear_rate=1.0,
        platform="android",
    )


def _whole(person: Person, days: list[DayTruth], nudges: tuple[Nudge, ...] = ()) -> dict[str, Samples]:
    return record(person, days, days[0].starts_us, days[-1].ends_us, nudges)


def _same(a: dict[str, Samples], b: dict[str, Samples]) -> bool:
    return all(
        a[name].keys() == b[name].keys()
        and all(
            a[name][c].dtype == b[name][c].dtype
            and np.array_equal(a[name][c], b[name][c], equal_nan=a[name][c].dtype == np.float64)
            for c in a[name]
        )
        for name in STREAM_NAMES
    )


def _join(parts: list[dict[str, Samples]]) -> dict[str, Samples]:
    return {
        name: {c: np.concatenate([part[name][c] for part in parts]) for c in parts[0][name]}
        for name in STREAM_NAMES
    }


@settings(max_examples=25, deadline=None)
@given(who=st.integers(0, 5), cuts=st.lists(st.integers(1, 72 * 3_600_000 - 1), max_size=5, unique=True))
def test_windows_cut_anywhere_join_to_the_whole(who: int, cuts: list[int]) -> None:
    person, days = COHORT[who], DAYS[who][:3]
    start_us = days[0].starts_us
    nudges = (Nudge(start_us + 15 * HOUR_US + 12_345_678, "movement"),)
    edges = [start_us, *(start_us + 1_000 * ms for ms in sorted(cuts)), days[-1].ends_us]
    parts = [record(person, days, a, b, nudges) for a, b in zip(edges, edges[1:], strict=False)]
    assert _same(_join(parts), _whole(person, days, nudges))


def test_a_window_of_one_day_needs_only_the_truth_of_that_day() -> None:
    for person, days in zip(COHORT, DAYS, strict=True):
        alone = [record(person, [day], day.starts_us, day.ends_us, ()) for day in days[:7]]
        assert _same(_join(alone), _whole(person, days[:7]))


def _plausible(column: Column, values: np.ndarray) -> bool:
    dtype = {"int": np.int64, "real": np.float64, "flag": np.float64}.get(column.kind, np.object_)
    missing = np.array([v is None or (isinstance(v, float) and np.isnan(v)) for v in values], bool)
    present = values[~missing]
    if values.dtype != dtype or (column.required and missing.any()):
        return False
    if column.kind == "word":
        return all(word in column.words for word in present)
    if column.kind == "text":
        return all(isinstance(text, str) and 0 < len(text) <= 256 for text in present)
    low, high = (0, 1) if column.kind == "flag" else (column.low, column.high)
    return bool(np.all((present >= low) & (present <= high)))


@pytest.mark.parametrize("name", STREAM_NAMES)
def test_every_row_is_in_the_catalogue(name: str) -> None:
    for person, days in zip(COHORT, DAYS, strict=True):
        rows = _whole(person, days)[name]
        assert set(rows) == {"time", *(column.name for column in STREAMS[name].columns)}
        assert rows["time"].dtype == np.int64
        assert np.all(np.diff(rows["time"]) > 0)
        assert np.all(rows["time"] % 1_000 == 0)
        assert all(_plausible(column, rows[column.name]) for column in STREAMS[name].columns)
        unsensed = name in UNSENSED.get(person.platform, ())
        assert (rows["time"].size == 0) == unsensed


def test_rows_of_a_day_stay_within_the_budget() -> None:
    rows = [_whole(person, days) for person, days in zip(COHORT, DAYS, strict=True)]
    n_rows = sum(streams[name]["time"].size for streams in rows for name in STREAM_NAMES)
    assert 2_000 < n_rows / (len(COHORT) * len(DAYS[0])) < 3_000
    person = _reliable(COHORT[0])
    one = {name: columns["time"].size / 21 for name, columns in _whole(person, DAYS[0]).items()}
    assert one["gps"] > 135
    assert 60 < one["screen"] < 220
    assert one["battery"] == 96
    assert one["accelerometer"] == 1_440
    assert one["device_health"] == 24
    assert 1 <= one["sleep_episode"] <= 4


def test_the_screen_goes_on_unlocked_off_locked_in_turn() -> None:
    follows = {"on": {"unlocked", "off"}, "unlocked": {"off"}, "off": {"locked", "on"}, "locked": {"on"}}
    for person, days in zip(COHORT, DAYS, strict=True):
        states = _whole(person, days)["screen"]["state"]
        assert states[0] == "on"
        assert states[-1] in {"off", "locked"}
        assert all(b in follows[a] for a, b in zip(states, states[1:], strict=False))


def _asleep(days: list[DayTruth], times: np.ndarray) -> np.ndarray:
    nights = [(day.sleep_onset_us, day.wake_us) for day in days] + [(days[-1].bed_us, days[-1].next_wake_us)]
    return np.any([(times >= a) & (times < b) for a, b in nights], axis=0)


def test_nobody_walks_calls_or_unlocks_the_phone_in_sleep() -> None:
    for person, days in zip(COHORT, DAYS, strict=True):
        rows = _whole(person, days)
        screen = rows["screen"]
        night = _asleep(days, screen["time"])
        assert set(screen["state"][night]) <= {"on", "off"}
        assert night.sum() <= 2 * 21
        for name in ("calls", "messages", "app_usage"):
            assert not _asleep(days, rows[name]["time"]).any()
        assert not _asleep(days, rows["steps"]["time"]).any()


def test_sleep_episodes_add_up_to_the_night_less_short_wakings() -> None:
    person, days = _reliable(COHORT[0]), DAYS[0]
    rows = _whole(person, days)["sleep_episode"]
    for day in days[1:]:
        own = (rows["time"] >= day.sleep_onset_us) & (rows["time"] < day.wake_us)
        assert 1 <= own.sum() <= 4
        assert rows["time"][own][0] == day.sleep_onset_us
        assert np.all(rows["time"][own][1:] >= (rows["time"] + rows["duration_s"] * 1e6)[own][:-1] + 180e6)
        asleep_h = rows["duration_s"][own].sum() / 3_600
        assert day.sleep_h - 3 * 600 / 3_600 - 1e-6 <= asleep_h <= day.sleep_h


def test_fixes_lie_where_the_person_is() -> None:
    person, days = _reliable(COHORT[0]), DAYS[0]
    rows = _whole(person, days)["gps"]
    for visit in (visit for day in days for visit in day.visits):
        place = next(p for p in person.places if p.name == visit.place)
        inside = (rows["time"] >= visit.start_us + 60_000_000) & (rows["time"] < visit.end_us - 60_000_000)
        assert np.all(np.abs(rows["latitude"][inside] - place.latitude) < 0.003)
        assert np.all(np.abs(rows["longitude"][inside] - place.longitude) < 0.006)


def _days_of(rows: Samples, starts_us: int) -> set[int]:
    return set(((rows["time"] - starts_us) // (24 * HOUR_US)).tolist())


def test_gaps_are_of_the_kinds_that_phones_have() -> None:
    person, days = _reliable(COHORT[0]), DAYS[0]
    starts_us = days[0].starts_us
    lost = _whole(replace(person, permission_lost=(4, 7)), days)
    assert _days_of(lost["gps"], starts_us) == set(range(21)) - {4, 5, 6}
    refused = lost["device_health"]["location_permitted"] == 0
    assert refused.sum() == 3 * 24
    silent = _whole(replace(person, silent_day_rate=0.3), days)
    assert 8 < len(_days_of(silent["battery"], starts_us)) < 20
    assert _days_of(silent["steps"], starts_us) <= _days_of(silent["battery"], starts_us)
    gappy, full = (_whole(replace(person, gps_gap_rate=rate), days)["gps"]["time"].size for rate in (0.3, 0))
    assert gappy / full == pytest.approx(0.7, abs=0.1)


def test_low_mood_goes_with_more_screen_and_less_movement() -> None:
    n_days = 200
    person = replace(_reliable(COHORT[0]), low_spell=None)
    days = live(person, FIRST_ON, n_days)
    rows = _whole(person, days)
    edges = [day.starts_us for day in days] + [days[-1].ends_us]
    steps, _ = np.histogram(rows["steps"]["time"], edges, weights=rows["steps"]["steps"])
    apps, _ = np.histogram(rows["app_usage"]["time"], edges, weights=rows["app_usage"]["duration_s"])
    sleep, _ = np.histogram(rows["sleep_episode"]["time"], edges, weights=rows["sleep_episode"]["duration_s"])
    mood = np.array([day.mood for day in days])
    assert np.corrcoef(mood, steps)[0, 1] > 0.2
    assert np.corrcoef(mood, apps)[0, 1] < -0.2
    assert sleep.mean() / 3_600 == pytest.approx(np.mean([day.sleep_h for day in days]), abs=0.4)
    expected = np.array([day.steps_expected for day in days])
    assert steps.mean() == pytest.approx(expected.mean(), rel=0.05)
    assert np.corrcoef(expected, steps)[0, 1] > 0.5


@pytest.mark.parametrize(("on", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25)])
def test_a_day_with_a_clock_change_is_an_hour_shorter_or_longer(on: date, hours: int) -> None:
    person = replace(_reliable(COHORT[0]), zone="Europe/Helsinki")
    rows = _whole(person, live(person, on, 1))
    assert rows["battery"]["time"].size == hours * 4
    hour = np.array([from_us(int(us)).astimezone(ZoneInfo(person.zone)).hour for us in rows["gps"]["time"]])
    assert np.bincount(hour, minlength=24)[3] == pytest.approx({23: 0, 25: 12}[hours], abs=1)


def test_a_window_outside_the_days_is_refused() -> None:
    person, days = COHORT[0], DAYS[0][:2]
    with pytest.raises(ValueError, match="cover"):
        record(person, days, days[0].starts_us - 1, days[0].ends_us, ())
    with pytest.raises(ValueError, match="cover"):
        record(person, days, days[0].starts_us, days[-1].ends_us + 1, ())
    with pytest.raises(ValueError, match="ends after"):
        record(person, days, days[0].ends_us, days[0].ends_us, ())
