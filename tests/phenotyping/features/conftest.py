"""A day to measure, and rows written as (minutes after its midnight, values …)."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pytest

from phenotyping.features.window import US_PER_MIN, DayWindow
from wellness.lib.clock import ZoneHistory

ZONE = "Europe/Helsinki"
HISTORY = ZoneHistory.of([(datetime(2010, 1, 1, tzinfo=UTC), ZONE)])


@pytest.fixture(scope="session")
def window_of() -> Callable[[date], DayWindow]:
    return lambda on: DayWindow.of(HISTORY.day(on))


@pytest.fixture(scope="session")
def window(window_of) -> DayWindow:
    return window_of(date(2017, 3, 10))


@pytest.fixture(scope="session")
def columns(window):
    """Columns of a stream from rows (minutes after midnight, value, …)."""

    def make(names: str, *rows: tuple) -> dict[str, np.ndarray]:
        made = {"time": np.array([round(window.start_us + row[0] * US_PER_MIN) for row in rows], np.int64)}
        for index, name in enumerate(names.split(), 1):
            values = [row[index] for row in rows]
            text = any(isinstance(value, str) or value is None for value in values)
            made[name] = np.array(values, object if text else float)
        return made

    return make


@pytest.fixture(scope="session")
def alive(columns):
    """Rows of a stream that is no sensor's own, every half hour over the window and its pads."""
    return {"light": columns("lux", *((minute, 1.0) for minute in range(-720, 1800, 30)))}
