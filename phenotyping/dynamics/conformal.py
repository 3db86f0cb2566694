"""Split-conformal half-widths: how far from its forecast, in model standard deviations, a day may fall."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phenotyping.dynamics.kalman import Parameters, State
from phenotyping.dynamics.outlook import combined, recent_mean

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GROUPS = (range(1, 2), range(2, 4), range(4, 8))  # days ahead; further ones use the last group
LEVELS = np.arange(1, 100) / 100
KEPT = 15  # own scores; a longer memory under-covers people whose days grow more variable
SETTLED = 5  # observed days before a person's scores count: the mean is not yet known, and people settle in
ENOUGH = 20  # own scores from which the cohort's are no longer blended in
REACH = 2.0  # a person's scores move the half-width by at most this factor
N_PSEUDO = 20
PSEUDO_WIDTH = 1.15  # pseudo-scores are a little wider than a Gaussian's, as every model under-covers


def _half_normal(level: ArrayLike) -> Floats:
    """Quantiles of the absolute value of a standard Gaussian."""
    from scipy.special import ndtri  # noqa: PLC0415  slow to import

    quantiles: Floats = ndtri((1 + np.asarray(level)) / 2)
    return quantiles


def group_of(h: int) -> int:
    """Index of the horizon group of h days ahead."""
    return next((index for index, days in enumerate(GROUPS) if h in days), len(GROUPS) - 1)


def weak_scores(width: float = PSEUDO_WIDTH) -> tuple[tuple[float, ...], ...]:
    """Score quantiles at LEVELS for each horizon group when nobody has been forecast yet."""
    row = tuple((width * _half_normal(LEVELS)).tolist())
    return (row,) * len(GROUPS)


def cohort_scores(
    x: Floats, states: State, parameters: Parameters, blend: float, judged: Bools
) -> tuple[tuple[float, ...], ...]:
    """Score quantiles at LEVELS for each horizon group over the judged days (n_days, n_people)."""
    recent = recent_mean(x)
    pseudo = PSEUDO_WIDTH * _half_normal((np.arange(N_PSEUDO) + 0.5) / N_PSEUDO)
    least = _half_normal(LEVELS) / REACH  # a cohort whose days never changed still gets an interval
    table = []
    for days in GROUPS:
        scores = [pseudo]
        for h in days:
            mean, sd = combined(states, parameters, recent, blend, h)
            use = judged[h:] & np.isfinite(x[h:])
            scores.append((np.abs(x[h:] - mean[:-h]) / sd[:-h])[use])
        table.append(tuple(np.maximum(np.quantile(np.concatenate(scores), LEVELS), least).tolist()))
    return tuple(table)


def cohort_quantile(scores: tuple[tuple[float, ...], ...], level: float) -> float:
    """The cohort's one-step score quantile; shrinks and grows as a Gaussian's below 1 and beyond 99 %."""
    inside = float(np.clip(level, LEVELS[0], LEVELS[-1]))
    tail = _half_normal(level) / _half_normal(inside)
    return float(np.interp(inside, LEVELS, scores[0]) * tail)


def growth(scores: tuple[tuple[float, ...], ...], n_ahead: int) -> Floats:
    """How much larger the cohort's scores are 1..n_ahead days ahead than one day ahead.

    One ratio for all levels, from the quantiles of 50 to 95 %, so that a higher level is never narrower.
    """
    typical = np.array(scores)[:, (LEVELS >= 0.5) & (LEVELS <= 0.95)].mean(axis=1)
    return np.array([typical[group_of(h)] / typical[0] for h in range(1, n_ahead + 1)])


def own_quantile(scores: Floats, cohort: float, level: float) -> Floats:
    """Each person's one-step score quantile.

    Parameters
    ----------
    scores : (n_people, n_kept) array
        Past scores, nan where there are fewer.
    cohort : float
        The cohort's one-step quantile at this level.

    Notes
    -----
    The (n + 1) level-th smallest score (split conformal; Vovk et al. 2005), interpolated between ranks as the
    next higher rank over-covers. It weighs n / 20 beside the cohort's while n < 20 (so the cohort's always
    counts a little, KEPT being less), and is held within a factor REACH of the cohort's, so that a person
    whose answers never changed still gets an interval.
    """
    n = np.isfinite(scores).sum(axis=1)
    rank = np.minimum((n + 1) * level, n)
    ordered = np.concatenate([np.zeros((len(scores), 1)), np.sort(scores, axis=1)], axis=1)
    below = np.floor(rank).astype(np.int64)[:, None]
    lower = np.take_along_axis(ordered, below, axis=1)[:, 0]
    upper = np.take_along_axis(ordered, np.minimum(below + 1, n[:, None]), axis=1)[:, 0]
    own = lower + (rank - below[:, 0]) * (upper - lower)
    own = np.where((n + 1) * level > n, np.maximum(own, cohort), own)
    weight = np.minimum(n / ENOUGH, 1.0)
    mixed: Floats = np.clip(weight * own + (1 - weight) * cohort, cohort / REACH, cohort * REACH)
    return mixed
