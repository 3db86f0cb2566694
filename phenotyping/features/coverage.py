"""Coverage: how much of an interval was observed. All instants and lengths are int64 microseconds."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.window import US_PER_H

Instants = NDArray[np.int64]

ALIVE_US = US_PER_H  # a phone app that sent any row counts as alive until its next row, at most one hour
FIX_US = US_PER_H // 2  # a position or battery row holds until the next, at most 30 minutes (B1; L2)
MIN_YIELD = 0.33  # RAPIDS sets event features to 0, not null, above this yield of minutes (M4)


def overlap(starts: Instants, ends: Instants, start_us: int, end_us: int) -> Instants:
    """The part of each [starts, ends) inside [start_us, end_us), 0 where they do not meet; shape (n,)."""
    length: Instants = np.minimum(ends, end_us) - np.maximum(starts, start_us)
    return np.maximum(length, 0)


def held_until(times: Instants, longest_us: int) -> Instants:
    """The instant until which each row holds: the next row, at most `longest_us` later; shape (n,)."""
    ends = times + longest_us
    np.minimum(ends[:-1], times[1:], out=ends[:-1])
    return ends


def covered(starts: Instants, ends: Instants, start_us: int, end_us: int) -> int:
    """Length of the union of [starts, ends), in any order and overlapping, inside [start_us, end_us)."""
    if not starts.size:
        return 0
    order = np.argsort(starts, kind="stable")
    starts = np.clip(starts[order], start_us, end_us)
    reached = np.maximum.accumulate(np.clip(ends[order], start_us, end_us))
    before = np.concatenate(([start_us], reached[:-1]))
    return int(np.maximum(reached - np.maximum(starts, before), 0).sum())


def merged(times: Iterable[Instants]) -> Instants:
    """All instants of several streams in order; shape (sum of n,)."""
    arrays = [array for array in times if array.size]
    if len(arrays) == 1:
        return arrays[0]
    return np.sort(np.concatenate([np.empty(0, np.int64), *arrays]), kind="stable")
