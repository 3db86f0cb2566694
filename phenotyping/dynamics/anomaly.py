"""Anomalies: how unusual the last observed day was, and a plain band around a person's days."""

import numpy as np
from numpy.typing import ArrayLike

from phenotyping.dynamics.person import Posterior


def surprise(posterior: Posterior) -> float:
    """Standardised innovation of the last observed day; nan when no day was observed.

    About standard normal while the model holds. `posterior.gap_days` says how old that day is.
    """
    return float("nan") if posterior.innovation is None else posterior.innovation


def baseline_band(y: ArrayLike) -> tuple[float, float]:
    """Median and median absolute deviation (times 1, not 1.4826) of the finite values; nan for none."""
    values = np.asarray(y, np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return float("nan"), float("nan")
    median = float(np.median(values))
    return median, float(np.median(np.abs(values - median)))
