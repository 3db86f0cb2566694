"""What samples say about an interval: steps taken in it, and how much of it the phone was heard of."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from phenotyping.intake.reading import read
from phenotyping.streams.samples import TIME, Columns
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment

VOUCHES = timedelta(hours=1)
BEFORE = timedelta(hours=1)  # how early an interval of steps may begin that reaches into the one asked about
PRESENCE = ("screen", "battery", "steps", "activity", "device_health")


def steps_in(enrollment: Enrollment, start: datetime, end: datetime) -> float:
    """Steps in [start, end); ask the gate first."""
    return steps_between(read(enrollment, ["steps"], start - BEFORE, end)["steps"], start, end)


def steps_between(columns: Columns, start: datetime, end: datetime) -> float:
    """Steps in [start, end), an interval that crosses an edge counting by the share of it inside."""
    if not columns[TIME].size:
        return 0.0
    begins, length = columns[TIME].astype(np.float64), columns["duration_s"] * 1e6
    inside = np.clip(np.minimum(begins + length, to_us(end)) - np.maximum(begins, to_us(start)), 0, None)
    return float(np.sum(columns["steps"] * inside / length))


def heard_share(enrollment: Enrollment, permitted: Iterable[str], start: datetime, end: datetime) -> float:
    """Share of [start, end) in which the phone was heard of: each sample vouches for an hour at most."""
    allowed = set(permitted)
    data = read(enrollment, [name for name in PRESENCE if name in allowed], start - VOUCHES, end)
    times = np.unique(np.concatenate([np.empty(0, np.int64), *(columns[TIME] for columns in data.values())]))
    if not times.size:
        return 0.0
    vouched = times + round(VOUCHES.total_seconds() * 1e6)
    until = np.minimum(np.append(times[1:], vouched[-1]), vouched)
    heard = np.clip(np.minimum(until, to_us(end)) - np.maximum(times, to_us(start)), 0, None).sum()
    return float(heard / (to_us(end) - to_us(start)))
