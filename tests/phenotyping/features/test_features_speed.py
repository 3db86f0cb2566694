"""Targets of speed, in CPU seconds per million rows; measured values are about half of them."""

import time

import numpy as np
import pytest

from phenotyping.features.day import compute_day

N = 200_000


def s_per_mrow(samples, window, n_windows=1):
    spent = []
    for _ in range(3):
        start = time.process_time()
        for _ in range(n_windows):
            compute_day(samples, window)
        spent.append(time.process_time() - start)
    (n_rows,) = {rows["time"].size for rows in samples.values()}
    return min(spent) / n_windows / n_rows * 1e6


@pytest.fixture
def times(window):
    return np.sort(np.random.default_rng(1).integers(window.start_us, window.end_us, N))


def test_event_streams_take_a_second_per_million_rows_at_most(times, window):
    states = np.array(["on", "unlocked", "off", "locked"], object)[np.arange(N) % 4]
    assert s_per_mrow({"screen": {"time": times, "state": states}}, window) < 1
    battery = {"level": np.linspace(90, 10, N), "status": np.full(N, "discharging", object)}
    assert s_per_mrow({"battery": {"time": times, **battery}}, window) < 1


def test_a_minute_by_minute_track_takes_two_seconds_per_million_rows_at_most(window):
    rng = np.random.default_rng(2)
    hour = np.arange(1440) / 60
    gps = {
        "time": window.start_us + np.arange(1440) * 60_000_000,
        "latitude": 60 + np.where((hour > 9) & (hour < 17), 0.05, 0) + rng.normal(0, 5e-5, 1440),
        "longitude": 24 + rng.normal(0, 1e-4, 1440),
    }
    assert s_per_mrow({"gps": gps}, window, n_windows=10) < 2
