"""Can a rule ever hold, and can it ever fail? Decided by trying one value of every distinguishable cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from itertools import pairwise
from typing import Any

from coach.rules.logic import COMPARISONS, Truth, all_of, any_of, not_of
from coach.rules.nodes import AllOf, Leaf, Node, Not, children, leaves
from coach.rules.problems import Problem
from coach.rules.variables import LOCAL_TIME

Key = str | tuple[str, str]
MAX_TRIALS = 5_000
OTHER_WORD = "\0any other word"


class _TooLarge(Exception):
    """More cells than are worth trying."""


@dataclass
class _Search:
    """A depth-first search over the cells of a rule's variables for one that gives it the truth `want`."""

    node: Node
    want: bool
    cells: Mapping[Key, Sequence[Any]]
    trials_left: int = MAX_TRIALS

    def finds(self, known: Mapping[Key, Any]) -> bool:
        self.trials_left -= 1
        if self.trials_left < 0:
            raise _TooLarge
        truth = _truth(self.node, known)
        if truth is not None:
            return truth is self.want
        key = next(key for key in self.cells if key not in known)
        return any(self.finds({**known, key: value}) for value in self.cells[key])


def satisfiable(node: Node, want: bool, known: Mapping[Key, Any] | None = None) -> bool | None:
    """True when some known values give the rule the truth `want`; None when too large to decide.

    Two variables that are compared with each other are taken to be in any order, whatever else the rule
    says of them, so "False" is always right and "True" may be generous.
    """
    try:
        return _Search(node, want, _cells(node)).finds(known or {})
    except _TooLarge:
        return None


def idle_parts(node: Node) -> list[Problem]:
    """The smallest parts of a rule that can never hold, or that hold whatever is known."""
    below = [problem for child in children(node) for problem in idle_parts(child)]
    if below:
        return below
    if satisfiable(node, True) is False:
        return [(node.path, "can never hold")]
    if satisfiable(node, False) is False:
        return [(node.path, "always holds")]
    return []


def reachable(node: Node, wall_times: Sequence[time]) -> list[time]:
    """The wall times at which a rule could hold; none means that no slot reaches it."""
    return [wall for wall in wall_times if satisfiable(node, True, {LOCAL_TIME.name: wall}) is not False]


def _truth(node: Node, known: Mapping[Key, Any]) -> Truth:
    if isinstance(node, Leaf):
        return _leaf_truth(node, known)
    if isinstance(node, Not):
        return not_of(_truth(node.child, known))
    combine = all_of if isinstance(node, AllOf) else any_of
    return combine(_truth(child, known) for child in node.children)


def _leaf_truth(leaf: Leaf, known: Mapping[Key, Any]) -> Truth:
    value = known.get(_key(leaf))
    if value is None:
        return None
    if leaf.other is None:
        return COMPARISONS[leaf.op](value, leaf.operand)
    order = value if leaf.variable.name < leaf.other.name else -value
    return COMPARISONS[leaf.op](order, 0)


def _key(leaf: Leaf) -> Key:
    if leaf.other is None:
        return leaf.variable.name
    first, second = sorted((leaf.variable.name, leaf.other.name))
    return first, second


def _cells(node: Node) -> dict[Key, tuple[Any, ...]]:
    groups: dict[Key, list[Leaf]] = {}
    for leaf in leaves(node):
        groups.setdefault(_key(leaf), []).append(leaf)
    # What is asked of most often comes first: contradictions show before the search has branched much.
    ordered = sorted(groups, key=lambda key: -len(groups[key]))
    return {key: _cells_of(groups[key]) for key in ordered}


def _cells_of(group: list[Leaf]) -> tuple[Any, ...]:
    variable = group[0].variable
    if group[0].other is not None:
        return (-1, 0, 1) if variable.kind == "number" else (0, 1)
    if variable.kind == "flag":
        return (True, False)
    mentioned = {point for leaf in group for point in _points(leaf)}
    if variable.kind == "clock":
        return tuple(sorted(mentioned))
    if variable.kind == "word":
        return variable.words or (*sorted(mentioned), OTHER_WORD)
    return _number_cells(mentioned, variable.low, variable.high)


def _points(leaf: Leaf) -> tuple[Any, ...]:
    return leaf.operand if isinstance(leaf.operand, tuple) else (leaf.operand,)


def _number_cells(mentioned: set[float], low: float | None, high: float | None) -> tuple[float, ...]:
    points = sorted(mentioned | {bound for bound in (low, high) if bound is not None})
    below = [points[0] - 1] if low is None else []
    above = [points[-1] + 1] if high is None else []
    return (*below, *points, *((a + b) / 2 for a, b in pairwise(points)), *above)
