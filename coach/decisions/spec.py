"""A decision rule as published: checked once, then read without surprises."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from types import MappingProxyType
from typing import Any

from coach.decisions.variables import REGISTRY
from coach.policies.policy import Policy, from_json
from coach.rules.evaluate import OnUnknown
from coach.rules.nodes import Node, variables
from coach.rules.problems import RuleError
from coach.rules.tree import parse_published
from wellness.lib.refusal import Refusal

NONE = "none"
OUTCOME_UNITS: Mapping[str, str] = MappingProxyType({"steps": "steps"})
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
REQUIRED = frozenset(
    {"name", "decision_point", "options", "policy", "on_unknown", "budget", "proximal_outcome"}
)
OPTIONAL = frozenset({"available_if", "offer_if", "fallback_policy"})


@dataclass(frozen=True)
class RuleSpec:
    """One rule: when it decides, for whom it may, what it offers, how it draws and what it looks at after.

    `arms` maps each option but `none` to the slug of its intervention; `fallback` decides when the rule
    cannot be known and `on_unknown` says so.
    """

    name: str
    slots: tuple[time, ...]
    window_min: float
    grace_min: float
    available_if: Node | None
    offer_if: Node | None
    arms: Mapping[str, str]
    policy: Policy
    fallback: Policy
    on_unknown: OnUnknown
    per_day: int
    quiet: tuple[time, time]
    outcome_stream: str
    outcome_window_min: float

    def variables(self) -> tuple[str, ...]:
        """The names of all variables the rule and its policies read, sorted."""
        trees = [tree for tree in (self.available_if, self.offer_if) if tree is not None]
        strata = {_stratum(policy) for policy in (self.policy, self.fallback)} - {None}
        return tuple(sorted({name for tree in trees for name in variables(tree)} | strata))

    def streams(self) -> set[str]:
        """Every stream that the rule reads, its outcome's included."""
        read = {stream for name in self.variables() for stream in REGISTRY[name].streams}
        return read | {self.outcome_stream}


def spec_of(body: Mapping[str, Any]) -> RuleSpec:
    """The rule that a body describes; Refusal (code `rule_invalid`) saying what is wrong and where."""
    try:
        return _spec(body)
    except KeyError as error:
        raise Refusal(
            "rule_invalid", f"The rule lacks {error.args[0]!r}.", field=str(error.args[0])
        ) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise Refusal("rule_invalid", f"The rule cannot be read: {error}", field="rule") from error


def _spec(body: Mapping[str, Any]) -> RuleSpec:
    foreign = sorted(set(body) - REQUIRED - OPTIONAL)
    if foreign:
        raise ValueError(f"a rule has no {', '.join(foreign)}")
    point, budget, outcome = body["decision_point"], body["budget"], body["proximal_outcome"]
    if outcome["stream"] not in OUTCOME_UNITS:
        raise ValueError(f"no outcome can be taken from {outcome['stream']!r}")
    if body["on_unknown"] not in ("skip", "fallback", "treat_false"):
        raise ValueError("on_unknown is skip, fallback or treat_false")
    arms = _arms(body["options"])
    policy = _policy(body["policy"], arms)
    start, end = (time.fromisoformat(wall) for wall in budget["quiet"])
    return RuleSpec(
        name=_slug(body["name"]),
        slots=_slots(point["slots"]),
        window_min=_positive(point["window_min"], "window_min"),
        grace_min=_positive(point["grace_min"], "grace_min"),
        available_if=_tree(body, "available_if"),
        offer_if=_tree(body, "offer_if"),
        arms=arms,
        policy=policy,
        fallback=_policy(body["fallback_policy"], arms) if "fallback_policy" in body else policy,
        on_unknown=body["on_unknown"],
        per_day=int(_positive(budget["per_day"], "per_day")),
        quiet=(start, end),
        outcome_stream=outcome["stream"],
        outcome_window_min=_positive(outcome["window_min"], "window_min"),
    )


def _tree(body: Mapping[str, Any], part: str) -> Node | None:
    if part not in body:
        return None
    try:
        return parse_published(body[part], REGISTRY)
    except RuleError as error:
        raise Refusal("rule_invalid", str(error), field=part) from error


def _arms(options: Any) -> dict[str, str]:
    names = [_slug(option["id"]) for option in options]
    if len(set(names)) < len(names) or NONE not in names or len(names) == 1:
        raise ValueError("options are 'none' and at least one other, each named once")
    return {option["id"]: option["intervention"] for option in options if option["id"] != NONE}


def _policy(spec: Any, arms: Mapping[str, str]) -> Policy:
    policy = from_json(spec)
    if set(policy.to_json()["probs"]) != set(arms):
        raise ValueError("a policy gives a probability to each option but 'none'")
    stratum = _stratum(policy)
    if stratum is not None and (stratum not in REGISTRY or REGISTRY[stratum].kind == "number"):
        raise ValueError(f"the stratum {stratum!r} is no flag or word that a rule may read")
    return policy


def _stratum(policy: Policy) -> Any:
    """The variable a policy's probabilities depend on, None when they are the same for all."""
    return policy.to_json().get("stratum")


def _slots(slots: Any) -> tuple[time, ...]:
    walls = sorted(time.fromisoformat(slot) for slot in slots)
    if not walls or len(set(walls)) < len(walls) or any(wall.tzinfo for wall in walls):
        raise ValueError("slots are different local wall times, at least one")
    return tuple(walls)


def _slug(name: Any) -> str:
    if not isinstance(name, str) or not SLUG.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of small letters, digits, - and _")
    return name


def _positive(value: Any, name: str) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or value <= 0
    ):
        raise ValueError(f"{name} is a number above 0")
    return float(value)
