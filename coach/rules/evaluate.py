"""Deciding a rule on what is known, with a trace that explains and replays it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import time
from typing import Any, Literal

from coach.rules.knowledge import Knowledge, knowledge
from coach.rules.logic import COMPARISONS, Truth, all_of, any_of, not_of
from coach.rules.nodes import AllOf, Leaf, Node, Not, children
from coach.rules.variables import LOCAL_TIME, Reading, Variable

Word = Literal["true", "false", "unknown"]
OnUnknown = Literal["skip", "fallback", "treat_false"]
Step = Literal["offer", "fallback", "skip", "decline"]


@dataclass(frozen=True)
class LeafRecord:
    """How one leaf came out; `why` maps each variable that is unknown here to its reason.

    `decisive` leaves are those that the rule's own truth rests on.
    """

    path: str
    var: str
    value: Any
    age_s: float | None
    op: str
    operand: Any
    truth: Word
    why: Mapping[str, str]
    decisive: bool


@dataclass(frozen=True)
class Verdict:
    """The truth of a rule (None: unknown) and the record of every leaf, in written order."""

    truth: Truth
    trace: tuple[LeafRecord, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The variables whose absence leaves the rule undecided, each once."""
        if self.truth is not None:
            return ()
        return tuple(dict.fromkeys(name for record in self.trace if record.decisive for name in record.why))

    def step(self, on_unknown: OnUnknown) -> Step:
        """What follows under a rule's `on_unknown`: offer, offer by the fallback policy, skip or decline."""
        if self.truth is not None:
            return "offer" if self.truth else "decline"
        if on_unknown == "treat_false":
            return "decline"
        return on_unknown

    def to_json(self) -> dict[str, Any]:
        """The plain form that a decision stores."""
        return {"truth": _word(self.truth), "trace": [asdict(record) for record in self.trace]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Verdict":
        """The verdict a decision stored."""
        truths: dict[str, Truth] = {"true": True, "false": False, "unknown": None}
        return cls(truths[stored["truth"]], tuple(LeafRecord(**record) for record in stored["trace"]))


@dataclass(frozen=True)
class _Judged:
    node: Node
    truth: Truth
    below: tuple["_Judged", ...]
    sides: tuple[Knowledge, ...]


def evaluate(node: Node, readings: Mapping[str, Reading], *, now_us: int, local_time: time) -> Verdict:
    """The Kleene truth of a rule at one instant; a pure function of its arguments, every leaf evaluated."""
    judged = _judge(node, readings, now_us, local_time)
    return Verdict(judged.truth, tuple(_records(judged, decisive=True)))


def _judge(node: Node, readings: Mapping[str, Reading], now_us: int, local_time: time) -> _Judged:
    if isinstance(node, Leaf):
        return _judge_leaf(node, readings, now_us, local_time)
    below = tuple(_judge(child, readings, now_us, local_time) for child in children(node))
    truths = [child.truth for child in below]
    if isinstance(node, Not):
        return _Judged(node, not_of(truths[0]), below, ())
    return _Judged(node, all_of(truths) if isinstance(node, AllOf) else any_of(truths), below, ())


def _judge_leaf(leaf: Leaf, readings: Mapping[str, Reading], now_us: int, local_time: time) -> _Judged:
    if leaf.variable is LOCAL_TIME:
        wall = local_time.replace(tzinfo=None)
        truth = COMPARISONS[leaf.op](wall, leaf.operand)
        return _Judged(leaf, truth, (), (Knowledge(wall.isoformat(), 0.0, ""),))

    def side(variable: Variable) -> Knowledge:
        reading = readings.get(variable.name)
        return knowledge(variable, reading, now_us=now_us, max_age_min=leaf.max_age_of(variable))

    sides = tuple(side(variable) for variable in (leaf.variable, leaf.other) if variable is not None)
    if any(known.why for known in sides):
        return _Judged(leaf, None, (), sides)
    operand = leaf.operand if leaf.other is None else sides[1].value
    return _Judged(leaf, COMPARISONS[leaf.op](sides[0].value, operand), (), sides)


def _records(judged: _Judged, *, decisive: bool) -> Iterator[LeafRecord]:
    node = judged.node
    if isinstance(node, Leaf):
        yield _record(node, judged, decisive)
    for child in judged.below:
        rests_on = isinstance(node, Not) or child.truth is judged.truth
        yield from _records(child, decisive=decisive and rests_on)


def _record(leaf: Leaf, judged: _Judged, decisive: bool) -> LeafRecord:
    known = judged.sides[0]
    why = {leaf.variable.name: known.why} if known.why else {}
    operand = _plain(leaf.operand)
    if leaf.other is not None:
        other = judged.sides[1]
        operand = {"var": leaf.other.name, "value": other.value, "age_s": other.age_s}
        why |= {leaf.other.name: other.why} if other.why else {}
    name, truth = leaf.variable.name, _word(judged.truth)
    return LeafRecord(leaf.path, name, known.value, known.age_s, leaf.op, operand, truth, why, decisive)


def _word(truth: Truth) -> Word:
    if truth is None:
        return "unknown"
    return "true" if truth else "false"


def _plain(operand: Any) -> Any:
    if isinstance(operand, tuple):
        return [f"{item:%H:%M}" if isinstance(item, time) else item for item in operand]
    return operand
