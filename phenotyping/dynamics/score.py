"""Scores of forecasts, as back-tests report them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SEASON = 7


def crps_gaussian(y: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Floats:
    """Continuous ranked probability score of normal forecasts, in units of y; nan where y is nan.

    References
    ----------
    Gneiting & Raftery (2007), JASA 102:359-378, eq. 21, with the sign of a loss.
    """
    from scipy.special import ndtr  # noqa: PLC0415  slow to import

    value, centre, sd = (np.asarray(values, np.float64) for values in (y, mean, sd))
    z = (value - centre) / sd
    density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    return np.asarray(sd * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi)), np.float64)


def mase(y: ArrayLike, predicted: ArrayLike, history: ArrayLike) -> float:
    """Mean |error| over the history's mean |y_t - y_(t-7)|; nan without a pair or when it is 0.

    References
    ----------
    Hyndman & Koehler (2006), Int. J. Forecasting 22:679-688.
    """
    past = np.asarray(history, np.float64)
    seasonal = _finite_mean(np.abs(past[SEASON:] - past[:-SEASON]))
    error = _finite_mean(np.abs(np.asarray(y, np.float64) - np.asarray(predicted, np.float64)))
    return error / seasonal if seasonal > 0 else float("nan")


def coverage(y: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Share of observed values in [low, high]; nan when none is observed."""
    value, floor, roof = (np.asarray(values, np.float64) for values in (y, low, high))
    inside = ((value >= floor) & (value <= roof)).astype(np.float64)
    return _finite_mean(np.where(np.isnan(value), np.nan, inside))


def lift(error: ArrayLike, baseline: ArrayLike) -> Floats:
    """1 - error / baseline, the relative gain over a baseline; nan where the baseline is 0."""
    reference = np.asarray(baseline, np.float64)
    ratio = np.asarray(error, np.float64) / np.where(reference > 0, reference, np.nan)
    return np.asarray(1 - ratio, np.float64)


def _finite_mean(values: Floats) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if kept.size else float("nan")
