"""What holds for every phenotype, whatever the samples."""

import dataclasses
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.features.day import PAD_AFTER_H, PAD_BEFORE_H, compute_day
from phenotyping.features.registry import REGISTRY
from phenotyping.features.window import US_PER_H, US_PER_MIN
from phenotyping.streams.samples import between, empty

STREAMS = ("screen", "battery", "gps", "steps", "calls", "messages")
DAYS = [date(2017, 3, 10), date(2017, 3, 26), date(2017, 10, 29)]
SEEDS = st.integers(0, 2**32 - 1)


def words(rng, n, *choices):
    return np.array(choices, object)[rng.integers(0, len(choices), n)]


def random_values(rng, n):
    people = ("ann", "bob", None)
    return {
        "screen": {"state": words(rng, n["screen"], "off", "on", "locked", "unlocked")},
        "battery": {
            "level": rng.uniform(0, 100, n["battery"]),
            "status": words(rng, n["battery"], "charging", "discharging", "full", "shutdown", "unknown"),
        },
        "gps": {
            "latitude": 60 + rng.normal(0, 10 ** rng.uniform(-5, 0), n["gps"]),
            "longitude": 24 + rng.normal(0, 10 ** rng.uniform(-5, 0), n["gps"]),
            "accuracy": rng.uniform(0, 120, n["gps"]),
        },
        "steps": {
            "steps": rng.integers(0, 900, n["steps"]),
            "duration_s": 10 ** rng.uniform(0, rng.uniform(1, 3.6), n["steps"]),
        },
        "calls": {
            "direction": words(rng, n["calls"], "incoming", "outgoing", "missed"),
            "duration_s": rng.uniform(0, 500, n["calls"]),
            "contact": words(rng, n["calls"], *people),
        },
        "messages": {
            "direction": words(rng, n["messages"], "incoming", "outgoing"),
            "contact": words(rng, n["messages"], *people),
        },
    }


def random_samples(window, seed):
    """Rows of every stream from two days before to two days after, none to many of each."""
    rng = np.random.default_rng(seed)
    span = window.start_us - 48 * US_PER_H, window.end_us + 48 * US_PER_H
    times = {name: np.sort(rng.integers(*span, rng.integers(0, 400))) for name in STREAMS}
    n = {name: at.size for name, at in times.items()}
    values = random_values(rng, n)
    return {name: {"time": times[name], **values[name]} for name in STREAMS}


def expected_minutes(name, window):
    return window.minutes - 480 if name.startswith("sleep.") else window.minutes


@pytest.mark.parametrize("on", DAYS)
def test_empty_samples_are_no_data_with_the_real_minutes_of_the_day(window_of, on):
    window = window_of(on)
    found = compute_day(dict.fromkeys(STREAMS, empty()), window)
    assert list(found) == [name for name, phenotype in REGISTRY.items() if phenotype.domain != "self_report"]
    for name, measured in found.items():
        assert (measured.value, measured.reason, measured.observed_min) == (None, "no_data", 0)
        assert measured.expected_min == expected_minutes(name, window)


@pytest.mark.parametrize("missing", STREAMS)
def test_a_stream_without_a_key_gives_no_phenotype(window, missing):
    streams = {name: empty() for name in STREAMS if name != missing}
    expected = [n for n, p in REGISTRY.items() if p.domain != "self_report" and missing not in p.streams]
    assert list(compute_day(streams, window)) == expected


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from(DAYS))
def test_values_keep_their_bounds_and_coverage_its_limits(window_of, seed, on):
    window = window_of(on)
    for name, measured in compute_day(random_samples(window, seed), window).items():
        phenotype = REGISTRY[name]
        assert 0 <= measured.observed_min <= measured.expected_min == expected_minutes(name, window)
        assert (measured.value is None) == (measured.reason is not None)
        if measured.value is not None:
            assert phenotype.low <= measured.value <= phenotype.high
            assert measured.yield_ratio >= phenotype.min_yield


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_rows_beyond_the_pads_change_nothing(window, seed):
    samples = random_samples(window, seed)
    edges = window.start_us - PAD_BEFORE_H * US_PER_H, window.end_us + PAD_AFTER_H * US_PER_H
    padded = {name: between(rows, *edges) for name, rows in samples.items()}
    assert compute_day(padded, window) == compute_day(samples, window)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_repeated_rows_change_nothing(window, seed):
    samples = random_samples(window, seed)
    twice = {name: {c: np.repeat(v, 2) for c, v in rows.items()} for name, rows in samples.items()}
    assert compute_day(twice, window) == compute_day(samples, window)


@settings(max_examples=25, deadline=None)
@given(SEEDS, SEEDS)
def test_a_stream_changes_no_value_of_another(window, seed, other):
    """Another stream only shows that the phone was alive."""
    samples, others = random_samples(window, seed), random_samples(window, other)
    before = compute_day(samples, window)
    after = compute_day({**samples, "gps": others["gps"]}, window)
    for name in (name for name in before if not name.startswith("location.")):
        if before[name].value is not None and after[name].value is not None:
            assert before[name].value == after[name].value


ADDITIVE = (
    "screen.unlock_count",
    "screen.unlock_total_duration",
    "battery.charge_episode_count",
    "battery.charge_total_duration",
    "location.total_distance",
    "steps.total",
    "calls.incoming_count",
    "calls.total_duration",
    "messages.outgoing_count",
)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(60, 1380))
def test_counts_and_durations_of_two_halves_add_up_to_the_day(window, seed, minute):
    samples = random_samples(window, seed)
    screen = samples["screen"]["time"]
    samples["screen"] = {
        "time": screen,
        "state": np.array(["unlocked", "off"], object)[np.arange(screen.size) % 2],
    }
    middle = window.start_us + minute * US_PER_MIN
    halves = dataclasses.replace(window, end_us=middle), dataclasses.replace(window, start_us=middle)
    day, first, second = (compute_day(samples, part) for part in (window, *halves))
    for name in ADDITIVE:
        parts = first[name].value, second[name].value
        if day[name].value is not None and None not in parts:
            assert sum(parts) == pytest.approx(day[name].value, rel=1e-9, abs=1e-6)
