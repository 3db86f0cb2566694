"""The stretches of time that samples fill."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from phenotyping.intake.checking import FINE, Checked
from wellness.lib.clock import MICROSECONDS, from_us

# Shorter than a local day, even of a flight east across half the world: no day lies in a gap that is bridged,
# so days come to be where samples fall and nowhere else.
GAP = timedelta(hours=6)
GAP_US = GAP // timedelta(seconds=1) * MICROSECONDS

Span = tuple[datetime, datetime]


def of(parts: Iterable[Checked]) -> list[Span]:
    """[first, last] of the rows that are not refused, cut where none of any stream happened for GAP."""
    return _joined(piece for part in parts for piece in _pieces(part.times_us[part.reasons == FINE]))


def of_times(times_us: NDArray[np.int64]) -> list[Span]:
    """[first, last] of times in microseconds, cut where nothing happened for GAP."""
    return _joined(_pieces(times_us))


def _joined(pieces: Iterable[tuple[int, int]]) -> list[Span]:
    spans: list[tuple[int, int]] = []
    for first, last in sorted(pieces):
        if spans and first - spans[-1][1] < GAP_US:
            spans[-1] = (spans[-1][0], max(spans[-1][1], last))
        else:
            spans.append((first, last))
    return [(from_us(first), from_us(last)) for first, last in spans]


def _pieces(times: NDArray[np.int64]) -> list[tuple[int, int]]:
    if not times.size:
        return []
    first, last = int(times.min()), int(times.max())
    if last - first < GAP_US:
        return [(first, last)]
    times = np.sort(times)
    cuts = np.flatnonzero(np.diff(times) >= GAP_US)
    firsts, lasts = times[np.append(0, cuts + 1)], times[np.append(cuts, times.size - 1)]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
