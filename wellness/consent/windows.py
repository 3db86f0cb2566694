"""Windows of event time: half-open [from, to), `to` None while a grant is still in force."""

from collections.abc import Sequence
from datetime import datetime

Window = tuple[datetime, datetime | None]


def union(windows: Sequence[Window]) -> list[Window]:
    """The windows in order, those that touch or overlap joined, empty ones dropped."""
    joined: list[Window] = []
    for since, until in sorted(windows, key=lambda window: window[0]):
        if until is not None and until <= since:
            continue
        last = joined[-1] if joined else None
        if last is not None and (last[1] is None or since <= last[1]):
            joined[-1] = (last[0], _later(last[1], until))
        else:
            joined.append((since, until))
    return joined


def intersection(sets: Sequence[Sequence[Window]]) -> list[Window]:
    """The windows common to all sets, each of them already a union; none when there are no sets."""
    common = list(sets[0]) if sets else []
    for other in sets[1:]:
        common = union([_overlap(a, b) for a in common for b in other])
    return common


def _overlap(a: Window, b: Window) -> Window:
    since = max(a[0], b[0])
    ends = [until for until in (a[1], b[1]) if until is not None]
    return since, min(ends) if ends else None


def _later(a: datetime | None, b: datetime | None) -> datetime | None:
    return None if a is None or b is None else max(a, b)
