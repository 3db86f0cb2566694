"""Micro-randomised trials with probabilities fixed in the protocol, for all or by stratum."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from coach.policies.options import NONE, arms, checked, with_none
from coach.policies.posterior import Posterior
from wellness.lib.canonical import digest


@dataclass(frozen=True)
class FixedPolicy:
    """One probability an arm; `none` has the rest.

    Every arm lies within [pmin, pmax] and `none` keeps at least pmin, also when all arms are offered. An
    arm that is not offered gives its share to `none`, so the probability of the others never changes.
    """

    probs: Mapping[str, float]
    pmin: float = 0.05
    pmax: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.pmin <= self.pmax < 1:
            raise ValueError("0 < pmin <= pmax < 1 is needed")
        if not self.probs or NONE in self.probs:
            raise ValueError("a policy names its arms; 'none' has what they leave")
        for arm, prob in self.probs.items():
            if not self.pmin <= prob <= self.pmax:
                raise ValueError(f"the probability of {arm!r}, {prob}, is outside [{self.pmin}, {self.pmax}]")
        # 1 - .95 is a little below .05 in binary, and still means .05
        if 1 - math.fsum(self.probs.values()) < self.pmin - 1e-12:
            raise ValueError(f"the probabilities leave less than {self.pmin} for 'none'")

    def probabilities(
        self, options: Iterable[str], context: Mapping[str, Any], posterior: Posterior | None = None
    ) -> dict[str, float]:
        """The probability of each offered option, `none` last; KeyError for an unknown arm."""
        return checked(with_none({arm: float(self.probs[arm]) for arm in arms(options)}))

    def to_json(self) -> dict[str, Any]:
        """The specification that `from_json` reads."""
        return {"type": "mrt", "probs": dict(self.probs), "pmin": self.pmin, "pmax": self.pmax}

    @property
    def digest(self) -> str:
        """The SHA-256 that names this version in a decision."""
        return digest(self.to_json())


@dataclass(frozen=True)
class StratifiedPolicy:
    """A fixed policy for each value of one flag or word; `otherwise` when it is unknown or not listed."""

    stratum: str
    table: Mapping[str, FixedPolicy]
    otherwise: FixedPolicy

    def probabilities(
        self, options: Iterable[str], context: Mapping[str, Any], posterior: Posterior | None = None
    ) -> dict[str, float]:
        """The probabilities of the stratum the context lies in; flags are listed as "true" and "false"."""
        value = context.get(self.stratum)
        key = str(value).lower() if isinstance(value, bool) else value
        policy = self.table.get(key, self.otherwise) if isinstance(key, str) else self.otherwise
        return policy.probabilities(options, context, posterior)

    def to_json(self) -> dict[str, Any]:
        """The specification that `from_json` reads."""
        table = {value: dict(policy.probs) for value, policy in self.table.items()}
        spec = self.otherwise.to_json()
        return spec | {"probs": dict(self.otherwise.probs), "stratum": self.stratum, "table": table}

    @property
    def digest(self) -> str:
        """The SHA-256 that names this version in a decision."""
        return digest(self.to_json())
