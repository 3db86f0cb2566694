"""A day's work is done on arrays: ten times the rows take about as many lines of Python."""

import numpy as np
import pytest

from phenotyping.features.day import compute_day

US_PER_DAY = 86_400_000_000


def screen(n):
    return {"state": np.array(["on", "unlocked", "off", "locked"], object)[np.arange(n) % 4]}


def battery(n):
    return {"level": np.linspace(90, 10, n), "status": np.full(n, "discharging", object)}


def gps(n):
    rng, hour = np.random.default_rng(2), np.arange(n) * 24 / n
    north = 60 + np.where((hour > 9) & (hour < 17), 0.05, 0) + rng.normal(0, 5e-5, n)
    return {"latitude": north, "longitude": 24 + rng.normal(0, 1e-4, n)}


@pytest.mark.parametrize("stream", [screen, battery, gps], ids=lambda stream: stream.__name__)
def test_ten_times_the_rows_take_about_as_many_lines(stream, window, n_lines):
    def taken(n):
        samples = {stream.__name__: {"time": window.start_us + np.arange(n) * (US_PER_DAY // n), **stream(n)}}
        return n_lines(lambda: compute_day(samples, window))

    few = taken(1_440)
    assert few > 100
    assert taken(14_400) < 1.2 * few
