"""Outlook: what the model expects h days ahead, combined with the mean of the last seven days."""

import numpy as np
from numpy.typing import NDArray

from phenotyping.dynamics.kalman import Parameters, State, ahead

Floats = NDArray[np.float64]

RECENT = 7
PSEUDO_PAIRS = 50.0


def recent_mean(x: Floats) -> tuple[Floats, Floats]:
    """Mean over the last seven rows up to each row (0 when none is seen), and the share of them seen."""
    seen = np.isfinite(x)
    total = _last_seven(np.where(seen, x, 0.0))
    n = _last_seven(seen.astype(np.float64))
    return total / np.maximum(n, 1.0), n / RECENT


def _last_seven(values: Floats) -> Floats:
    padded = np.concatenate([np.zeros((RECENT - 1, *values.shape[1:])), values])
    return np.asarray(sum(padded[lag : lag + len(values)] for lag in range(RECENT)), np.float64)


def combined(
    state: State, parameters: Parameters, recent: tuple[Floats, Floats], blend: float, h: int
) -> tuple[Floats, Floats]:
    """Expected deviation h days ahead and the model's standard deviation for it.

    The weight of the recent mean is `blend` times the share of the last seven days that were seen.
    """
    model, variance = ahead(state, parameters, h)
    mean, share = recent
    return model + blend * share * (mean - model), np.sqrt(variance)


def best_blend(
    x: Floats, states: State, parameters: Parameters, judged: NDArray[np.bool_], horizons: range
) -> float:
    """The weight in [0, 1] with the least squared error on the judged days (n_days, n_people).

    A closed-form regression of the model's error on (recent mean - model), with some pseudo-pairs at 0.
    """
    mean, share = recent_mean(x)
    product, square, n = 0.0, 0.0, 0
    for h in horizons:
        model, _variance = ahead(states, parameters, h)
        pull = (share * (mean - model))[:-h]
        use = judged[h:] & np.isfinite(x[h:])
        error = np.where(use, x[h:] - model[:-h], 0.0)
        product += float((pull * error).sum())
        square += float((pull**2 * use).sum())
        n += int(use.sum())
    return float(np.clip(product / (square * (1 + PSEUDO_PAIRS / n)), 0.0, 1.0)) if square > 0 else 0.0
