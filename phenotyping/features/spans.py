"""Spans: half-open [start, end) of int microseconds. Functions give them in order, apart and not empty."""

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def union(spans: Iterable[Span]) -> list[Span]:
    """Every instant that lies in at least one of the spans."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def common(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """Every instant that lies in both."""
    a, b = union(one), union(other)
    return union((max(s, t), min(e, f)) for s, e in a for t, f in b)


def without(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """Every instant of `one` that does not lie in `other`."""
    kept = union(one)
    for start, end in union(other):
        kept = [part for s, e in kept for part in ((s, min(e, start)), (max(s, end), e)) if part[0] < part[1]]
    return kept


def length(spans: Sequence[Span]) -> int:
    """Microseconds in all of them together, each counted once."""
    return sum(end - start for start, end in union(spans))
