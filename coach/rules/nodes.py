"""The parsed rule tree: leaves that compare, and the three ways to combine them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from typing import Literal

from coach.rules.variables import Variable

Op = Literal["<", "<=", ">", ">=", "==", "!=", "in", "between", "within_time"]
Operand = float | bool | str | tuple[float, float] | tuple[str, ...] | tuple[time, time]


@dataclass(frozen=True)
class Leaf:
    """A comparison of a variable with `operand`, or with the variable `other` when that is given."""

    path: str
    variable: Variable
    op: Op
    operand: Operand | None = None
    other: Variable | None = None
    max_age_min: float | None = None

    def max_age_of(self, variable: Variable) -> float | None:
        """The oldest a reading may be here: the stricter of the leaf's and the variable's own limit."""
        limits = [limit for limit in (self.max_age_min, variable.max_age_min) if limit is not None]
        return min(limits, default=None)


@dataclass(frozen=True)
class AllOf:
    """True when every child is."""

    path: str
    children: tuple["Node", ...]


@dataclass(frozen=True)
class AnyOf:
    """True when at least one child is."""

    path: str
    children: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    """True when its child is false."""

    path: str
    child: "Node"


Node = Leaf | AllOf | AnyOf | Not


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below; none for a leaf."""
    if isinstance(node, Leaf):
        return ()
    return (node.child,) if isinstance(node, Not) else node.children


def leaves(node: Node) -> Iterator[Leaf]:
    """Every leaf, in the order in which the rule was written."""
    if isinstance(node, Leaf):
        yield node
    for child in children(node):
        yield from leaves(child)


def variables(node: Node) -> dict[str, Variable]:
    """Every variable a rule reads, by name; the wall clock is not one."""
    found: dict[str, Variable] = {}
    for leaf in leaves(node):
        for variable in (leaf.variable, leaf.other):
            if variable is not None and variable.kind != "clock":
                found[variable.name] = variable
    return found
