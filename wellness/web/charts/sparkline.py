"""A fortnight in a table cell."""

from collections.abc import Sequence
from dataclasses import dataclass

from wellness.web.charts.drawing import STEP, Scale, dots, runs
from wellness.web.charts.usual import Usual


@dataclass(frozen=True)
class Sparkline:
    """Lines, the last value's dot and the usual band, in the units of a drawing; `label` says it in words."""

    width: int
    lines: list[str]
    last: str
    band: tuple[float, float] | None
    label: str


def sparkline(values: Sequence[float | None], normal: Usual | None, label: str) -> Sparkline | None:
    """The picture of some days; None when there is nothing to draw."""
    seen = [value for value in values if value is not None]
    if not seen:
        return None
    edges = [*seen, *((normal.low, normal.high) if normal else ())]
    room = (max(edges) - min(edges) or 1.0) * 0.12
    axis = Scale(min(edges) - room, max(edges) + room, 1)
    final = max(index for index, value in enumerate(values) if value is not None)
    only_last = [value if index == final else None for index, value in enumerate(values)]
    band = (axis.y(normal.high), round(axis.y(normal.low) - axis.y(normal.high), 2)) if normal else None
    return Sparkline(STEP * len(values), runs(values, axis), dots(only_last, axis), band, label)
