"""A phone's clock: how far it is off, where it jumped, and when an event may really have happened.

What is stored is what the phone said; nothing here alters a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray

from phenotyping.streams.columns import Column

BOOT = "boot"
MONOTONIC = "monotonic_ms"
UPTIME = Column(MONOTONIC, "real", "ms", 0, 9e12, required=False, about="monotonic clock since boot")

RECENT = timedelta(days=1)
N_RECENT = 20
LEAST_ERROR_MS = 1_000
CERTAIN_MS = 60_000
JUMP_MS = 60_000

Instants = NDArray[np.int64]


@dataclass(frozen=True)
class Offset:
    """How far a phone's clock is ahead of ours (negative: behind), give or take `error_ms`."""

    ms: int
    error_ms: int


def estimate(heard: Sequence[tuple[datetime, datetime]]) -> Offset:
    """The offset by (sent by the phone's clock, received by ours), the newest first; ValueError when empty.

    Travelling only makes a clock look further behind than it is: it is at least as far ahead as the newest
    says, and the most favourable of the recent ones says how far at most, unless it was set since.
    """
    ahead_ms = [(sent - received) / timedelta(milliseconds=1) for sent, received in heard]
    low, high = ahead_ms[0], max(ahead_ms)
    middle = round((low + high) / 2)
    return Offset(middle, max(LEAST_ERROR_MS, ceil(max(high - middle, middle - low))))


def possible(times_us: Instants, clock: Offset | None) -> tuple[Instants, Instants]:
    """The earliest and latest time at which each event may have happened.

    Both are what the phone said while its clock is right to a minute, or unknown. Else they enclose that and
    what the offset makes of it, error included.
    """
    if clock is None or abs(clock.ms) + clock.error_ms <= CERTAIN_MS:
        return times_us, times_us
    earliest = times_us - (clock.ms + clock.error_ms) * 1_000
    latest = times_us - (clock.ms - clock.error_ms) * 1_000
    return np.minimum(times_us, earliest), np.maximum(times_us, latest)


def jumped(times_us: Instants, monotonic_ms: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows of one boot from the first one on after the wall clock was set, in monotonic order.

    A wall clock that drifts slowly against the monotonic one was not set.
    """
    found = np.zeros(times_us.size, np.bool_)
    order = np.argsort(monotonic_ms, kind="stable")
    order = order[: order.size - np.count_nonzero(np.isnan(monotonic_ms))]  # missing ones sort last
    set_at = np.flatnonzero(np.abs(np.diff(times_us[order] / 1_000 - monotonic_ms[order])) > JUMP_MS)
    if set_at.size:
        found[order[set_at[0] + 1 :]] = True
    return found
