"""The stretches of time that samples fill."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from phenotyping.intake.checking import FINE, Checked
from wellness.lib.clock import MICROSECONDS, from_us

# Shorter than a local day, even of a flight east across half the world: no day lies in a gap that is bridged,
# so days come to be where samples fall and nowhere else.
GAP = timedelta(hours=6)
GAP_US = GAP // timedelta(seconds=1) * MICROSECONDS

Span = tuple[datetime, datetime]


def of(parts: Iterable[Checked]) -> list[Span]:
    """[first, last] of the rows that are not refused, cut where none of any stream happened for GAP."""
    ends = [piece for part in parts for piece in _pieces(part)]
    spans: list[tuple[int, int]] = []
    for first, last in sorted(ends):
        if spans and first - spans[-1][1] < GAP_US:
            spans[-1] = (spans[-1][0], max(spans[-1][1], last))
        else:
            spans.append((first, last))
    return [(from_us(first), from_us(last)) for first, last in spans]


def _pieces(part: Checked) -> list[tuple[int, int]]:
    times = part.times_us[part.reasons == FINE]
    if not times.size:
        return []
    first, last = int(times.min()), int(times.max())
    if last - first < GAP_US:
        return [(first, last)]
    times = np.sort(times)
    cuts = np.flatnonzero(np.diff(times) >= GAP_US)
    firsts, lasts = times[np.append(0, cuts + 1)], times[np.append(cuts, times.size - 1)]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
