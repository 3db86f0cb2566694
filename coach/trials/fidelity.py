"""Was the trial run as designed: fair coins, uniform draws, availability and missing outcomes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import erfc

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Fairness:
    """Sends observed and expected at `n` available points, with the z test of their difference."""

    n: int
    observed: int
    expected: float
    z: float
    p: float


@dataclass(frozen=True)
class Availability:
    """How often people could be randomised, and how many each reason closed; a point may have several."""

    n: int
    n_available: int
    rate: float | None
    reasons: Mapping[str, int]


def coin_fairness(a: ArrayLike, p: ArrayLike) -> Fairness:
    """Agreement of the options chosen with their logged probabilities; z 0 and p 1 for an empty log.

    Parameters
    ----------
    a, p : array-likes of shape (n,)
        1 where the arm was chosen, else 0, and its logged probability, at available points only. A
        probability of 0 or 1 would hide a wrong action, so it is refused with ValueError.

    References
    ----------
    z = sum(A - pi) / sqrt(sum pi (1 - pi)); coach.md 10.
    """
    action, prob = np.asarray(a, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if action.shape != prob.shape or action.ndim != 1:
        raise ValueError("every action has a probability")
    if not np.isin(action, (0, 1)).all() or not ((prob > 0) & (prob < 1)).all():
        raise ValueError("actions are 0 or 1 and probabilities lie strictly between 0 and 1")
    excess, variance = float((action - prob).sum()), float((prob * (1 - prob)).sum())
    z = excess / variance**0.5 if action.size else 0.0
    p_value = erfc(abs(z) / 2**0.5)  # both tails of a standard Gaussian
    return Fairness(action.size, int(action.sum()), float(prob.sum()), z, p_value)


def draws_uniform(u: ArrayLike) -> float:
    """The p value of a Kolmogorov-Smirnov test that the draws are uniform; 1 for an empty log."""
    # Imported here: it takes a second, and no process that serves or works needs it.
    from scipy import stats  # noqa: PLC0415

    draws: NDArray[np.float64] = np.asarray(u, dtype=np.float64)
    return float(stats.kstest(draws, "uniform").pvalue) if draws.size else 1.0


def availability(reasons: Iterable[Iterable[str]]) -> Availability:
    """The rate of points without a reason against, and each reason's count; rate None without points."""
    points = [frozenset(point) for point in reasons]
    n_available = sum(not point for point in points)
    counts = Counter(reason for point in points for reason in point)
    rate = n_available / len(points) if points else None
    return Availability(len(points), n_available, rate, dict(sorted(counts.items())))


def missing_by_option(options: Iterable[str], observed: Iterable[bool]) -> dict[str, float]:
    """The share of outcomes that are missing after each option chosen at an available point."""
    missing: dict[str, list[bool]] = {}
    for option, seen in zip(options, observed, strict=True):
        missing.setdefault(option, []).append(not seen)
    return {option: sum(flags) / len(flags) for option, flags in sorted(missing.items())}
