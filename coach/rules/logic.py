"""Kleene's three-valued logic (None is unknown) and the two-valued comparisons of leaves."""

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import time
from types import MappingProxyType
from typing import Any

Truth = bool | None


def all_of(truths: Iterable[Truth]) -> Truth:
    """False if any is false, else unknown if any is unknown, else true."""
    seen = set(truths)
    if False in seen:
        return False
    return None if None in seen else True


def any_of(truths: Iterable[Truth]) -> Truth:
    """True if any is true, else unknown if any is unknown, else false."""
    seen = set(truths)
    if True in seen:
        return True
    return None if None in seen else False


def not_of(truth: Truth) -> Truth:
    """The opposite; unknown stays unknown."""
    return None if truth is None else not truth


def between(value: float, bounds: tuple[float, float]) -> bool:
    """True inside the closed interval."""
    return bounds[0] <= value <= bounds[1]


def within_time(wall: time, bounds: tuple[time, time]) -> bool:
    """True from the first wall time until just before the second; an interval may wrap midnight."""
    start, end = bounds
    if start < end:
        return start <= wall < end
    return wall >= start or wall < end


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "==": operator.eq,
        "!=": operator.ne,
        "in": lambda value, words: value in words,
        "between": between,
        "within_time": within_time,
    }
)
