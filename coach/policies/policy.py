"""What every policy can do, and the policy a protocol's specification describes."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from coach.policies.fixed import FixedPolicy, StratifiedPolicy
from coach.policies.posterior import Posterior

KEYS = frozenset({"type", "probs", "pmin", "pmax", "stratum", "table"})


class Policy(Protocol):
    """A pure map from what is known to the probability of each option."""

    def probabilities(
        self, options: Iterable[str], context: Mapping[str, Any], posterior: Posterior | None = None
    ) -> dict[str, float]:
        """Each offered option and `none`, each strictly between 0 and 1, with sum 1."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The specification that describes this policy completely."""
        ...

    @property
    def digest(self) -> str:
        """The SHA-256 of the specification."""
        ...


def from_json(spec: Mapping[str, Any]) -> Policy:
    """The policy of a specification; ValueError saying what is wrong with it.

    `{"type": "mrt", "probs": {arm: p}}` with optional `pmin` and `pmax`, and with `stratum` (a variable) and
    `table` ({value: {arm: p}}) for probabilities by stratum, `probs` then being those of any other state.
    """
    if not isinstance(spec, Mapping) or spec.get("type") != "mrt":
        raise ValueError("the type of a policy is 'mrt'")
    foreign = sorted(set(spec) - KEYS)
    if foreign:
        raise ValueError(f"a policy has no {', '.join(foreign)}")
    if ("stratum" in spec) != ("table" in spec):
        raise ValueError("'stratum' and 'table' come together")
    bounds = {name: _real(spec[name], name) for name in ("pmin", "pmax") if name in spec}
    otherwise = FixedPolicy(_probs(spec.get("probs"), "probs"), **bounds)
    if "stratum" not in spec:
        return otherwise
    return StratifiedPolicy(_name(spec["stratum"]), _table(spec["table"], otherwise), otherwise)


def _table(table: object, otherwise: FixedPolicy) -> dict[str, FixedPolicy]:
    if not isinstance(table, Mapping) or not table:
        raise ValueError("'table' lists probabilities for at least one value")
    bounds = (otherwise.pmin, otherwise.pmax)
    policies = {_name(value): FixedPolicy(_probs(probs, value), *bounds) for value, probs in table.items()}
    for value, policy in policies.items():
        if set(policy.probs) != set(otherwise.probs):
            raise ValueError(f"the arms of stratum {value!r} differ from those of 'probs'")
    return policies


def _probs(probs: object, where: str) -> dict[str, float]:
    if not isinstance(probs, Mapping):
        raise ValueError(f"{where!r} gives a probability for each arm")
    return {_name(arm): _real(prob, arm) for arm, prob in probs.items()}


def _name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not a name")
    return value


def _real(value: object, where: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{where!r} is not a number")
    return float(value)
