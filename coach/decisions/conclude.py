"""From a snapshot to a decision: the same inputs give the same decision, bit for bit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any
from uuid import UUID

from coach.decisions.spec import NONE, RuleSpec
from coach.decisions.variables import REGISTRY
from coach.policies.draw import GENERATOR, draw, pick
from coach.rules.evaluate import Verdict, evaluate
from coach.rules.knowledge import knowledge
from coach.rules.nodes import Node
from coach.rules.variables import Reading, Value

CODE_VERSION = "decide-1"


@dataclass(frozen=True)
class Conclusion:
    """What was decided and every step on the way.

    Unavailable: `option` is none, `propensity` 0, no draw. Available: `probabilities` are those of the draw,
    `propensity` that of `option`. `message` names the message to send, "" for none.
    """

    available: bool
    reasons: tuple[str, ...]
    trace: Mapping[str, Any]
    policy_version: str
    fallback: str
    probabilities: tuple[tuple[str, float], ...]
    seed_version: str
    draw: float | None
    option: str
    propensity: float
    message: str


def conclude(spec: RuleSpec, snapshot: Mapping[str, Any], *, seed: bytes, decision_id: UUID) -> Conclusion:
    """The decision that a rule, a snapshot and the study's draw key determine."""
    readings = {name: Reading.from_json(stored) for name, stored in snapshot["readings"].items()}
    verdicts = {
        part: _evaluated(tree, readings, snapshot)
        for part, tree in (("available_if", spec.available_if), ("offer_if", spec.offer_if))
        if tree is not None
    }
    reasons, fallback = _reasons(spec, snapshot, verdicts)
    trace = {part: verdict.to_json() for part, verdict in verdicts.items()}
    arms = [arm for arm in sorted(spec.arms) if arm not in snapshot["excluded"] and snapshot["messages"][arm]]
    if not arms:
        reasons = (*reasons, "no_option")
    policy = spec.fallback if fallback else spec.policy
    if reasons:
        return Conclusion(False, reasons, trace, policy.digest, "", (), GENERATOR, None, NONE, 0.0, "")
    probabilities = policy.probabilities(arms, _known(readings, snapshot["now_us"]))
    drawn = draw(seed, decision_id, probabilities)
    return Conclusion(
        available=True,
        reasons=(),
        trace=trace,
        policy_version=policy.digest,
        fallback=fallback,
        probabilities=tuple(probabilities.items()),
        seed_version=GENERATOR,
        draw=drawn.u,
        option=drawn.option,
        propensity=probabilities[drawn.option],
        message=_message(snapshot["messages"].get(drawn.option, ()), seed, decision_id),
    )


def _message(candidates: Sequence[str], seed: bytes, decision_id: UUID) -> str:
    return pick(seed, decision_id, candidates) if candidates else ""


def _known(readings: Mapping[str, Reading], now_us: int) -> dict[str, Value]:
    """The values that a policy may use: consented, fresh and covered enough, as the rule demands them too."""
    found = {}
    for name, reading in readings.items():
        variable = REGISTRY[name]
        known = knowledge(variable, reading, now_us=now_us, max_age_min=variable.max_age_min)
        if known.value is not None and not known.why:
            found[name] = known.value
    return found


def _evaluated(tree: Node, readings: Mapping[str, Reading], snapshot: Mapping[str, Any]) -> Verdict:
    wall = time.fromisoformat(snapshot["local_time"])
    return evaluate(tree, readings, now_us=snapshot["now_us"], local_time=wall)


def _reasons(
    spec: RuleSpec, snapshot: Mapping[str, Any], verdicts: Mapping[str, Verdict]
) -> tuple[tuple[str, ...], str]:
    """All reasons against being available, and the name of the fallback when one decides."""
    reasons, fallback = list(snapshot["silence"]), ""
    for part, verdict in verdicts.items():
        step = verdict.step(spec.on_unknown)
        if step == "fallback":
            fallback = "unknown_input"
        elif step == "skip":
            reasons += [f"unknown:{name}" for name in verdict.missing]
        elif step == "decline":
            reasons.append("rule" if part == "offer_if" else "not_available")
    return tuple(reasons), fallback
