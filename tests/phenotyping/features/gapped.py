"""A phone that sends every stream at its rate, but for some stretches, and the gaps that are found."""

from collections.abc import Iterable

import numpy as np

from phenotyping.features.gaps import Evidence, Expected, find
from phenotyping.features.window import US_PER_MIN

M = US_PER_MIN
BEFORE, DAY, REACH = -720 * M, 1_440 * M, 1_800 * M
ALWAYS = ((-(10**15), 10**15),)
STREAM = {"gps": 10, "battery": 15, "heart_rate": 5, "device_health": 60, "screen": 0}
EXPECTED = [Expected(name, BEFORE, 60.0 * period, ALWAYS) for name, period in STREAM.items()]


def rows(minutes: Iterable[float], **columns: object) -> dict[str, np.ndarray]:
    """Rows at minutes after midnight; a single value holds for all of them."""
    times = np.array(sorted(round(minute * M) for minute in minutes), np.int64)
    made = {"time": times}
    for name, value in columns.items():
        kind = object if name in ("status", "started_by", "state") else np.float64
        made[name] = np.full(times.size, value, kind) if np.isscalar(value) else np.array(value, kind)
    return made


def alive(*silent: tuple[float, float]) -> dict[str, dict[str, np.ndarray]]:
    """A phone that sends every stream at its rate, but for these stretches."""

    def times(period: int) -> list[int]:
        ticks = range(-720, 1_800, period)
        return [minute for minute in ticks if not any(a < minute < b for a, b in silent)]

    return {
        "gps": rows(times(10)),
        "battery": rows(times(15), level=80, status="discharging"),
        "heart_rate": rows(times(5)),
        "device_health": rows(times(60), location_permitted=1),
        "screen": rows(times(120)),
    }


def explained(
    samples: dict[str, dict[str, np.ndarray]], stream: str = "gps", **more: object
) -> list[tuple[float, float, str]]:
    """The gaps of one stream on the day: minutes after midnight, and the cause."""
    evidence = Evidence(BEFORE, REACH, samples, more.pop("unreadable", {}))
    gaps = find(more.pop("expected", EXPECTED), evidence, 0, DAY)
    return [(gap.start_us / M, gap.end_us / M, gap.cause) for gap in gaps if gap.stream == stream]
