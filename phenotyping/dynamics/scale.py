"""Scales: where the noise of a daily variable is roughly even."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

NAMES = ("identity", "sqrt", "logit")
EDGE = 0.005  # shares are squeezed into [EDGE, 1 - EDGE], so that the logit of 0 and 1 is finite
NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True)
class Scale:
    """A monotone map of values in [low, high] to the line the models work on; nan stays nan."""

    name: str
    low: float
    high: float

    def forward(self, y: ArrayLike) -> Floats:
        """Transformed values; values outside the bounds are read as the bound."""
        value = np.clip(np.asarray(y, np.float64), self.low, self.high)
        if self.name == "identity":
            return value
        if self.name == "sqrt":
            return np.sqrt(value - self.low)
        share = EDGE + (1 - 2 * EDGE) * (value - self.low) / (self.high - self.low)
        return np.log(share / (1 - share))

    def inverse(self, z: ArrayLike) -> Floats:
        """Values within [low, high] on the original scale, rising with z."""
        line = np.clip(np.asarray(z, np.float64), *self.line)
        if self.name == "identity":
            return line
        if self.name == "sqrt":
            return np.clip(line**2 + self.low, self.low, self.high)
        share = (1 / (1 + np.exp(-line)) - EDGE) / (1 - 2 * EDGE)
        return np.clip(self.low + (self.high - self.low) * share, self.low, self.high)

    @property
    def line(self) -> tuple[float, float]:
        """The transformed bounds, infinite where the variable has none."""
        low, high = self.forward([self.low, self.high])
        return float(low), float(high)

    def expected(self, z: Floats, sd: Floats) -> Floats:
        """Mean on the original scale of a variable that is normal(z, sd) on the line.

        The identity needs no correction; for the others the inverse of the mean would be the median,
        so the mean is taken by nine-point Gauss-Hermite quadrature.
        """
        if self.name == "identity":
            return self.inverse(z)
        draws = self.inverse(z[..., None] + sd[..., None] * NODES)
        return np.asarray(draws @ WEIGHTS, np.float64)

    def to_json(self) -> dict[str, Any]:
        """Name and bounds; None for an infinite bound."""
        bounds = (value if np.isfinite(value) else None for value in (self.low, self.high))
        return {"name": self.name, **dict(zip(("low", "high"), bounds, strict=True))}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Scale":
        """The scale that to_json() described."""
        low = -np.inf if record["low"] is None else record["low"]
        return scale_for(record["name"], low, np.inf if record["high"] is None else record["high"])


def scale_for(name: str, low: float, high: float) -> Scale:
    """The named scale; ValueError when its bounds make no sense for it."""
    if name not in NAMES:
        raise ValueError(f"unknown scale {name!r}, use one of {', '.join(NAMES)}")
    if not low < high:
        raise ValueError("a scale needs low < high")
    if name == "sqrt" and not np.isfinite(low):
        raise ValueError("the square root needs a finite lower bound")
    if name == "logit" and not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("the logit needs finite bounds")
    return Scale(name, float(low), float(high))
