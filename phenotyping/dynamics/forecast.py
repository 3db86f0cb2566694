"""Forecast: the coming days of a variable, with an interval that has been checked against past days."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phenotyping.dynamics.conformal import KEPT, cohort_quantile, growth, own_quantile
from phenotyping.dynamics.outlook import combined
from phenotyping.dynamics.person import Posterior, stacked
from phenotyping.dynamics.prior import Prior
from phenotyping.dynamics.scale import Scale

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Forecast:
    """Mean and interval of each of h days, on the original scale."""

    mean: Floats
    low: Floats
    high: Floats
    level: float


def forecast(
    posterior: Posterior, prior: Prior, scale: Scale, weekdays: Ints, level: float = 0.8
) -> Forecast:
    """The h days after the posterior's, whose weekdays are given; see forecast_people()."""
    return forecast_people([posterior], prior, scale, np.asarray(weekdays)[None, :], level)[0]


def forecast_people(
    posteriors: Sequence[Posterior], prior: Prior, scale: Scale, weekdays: Ints, level: float = 0.8
) -> list[Forecast]:
    """Forecasts of many persons at once.

    Parameters
    ----------
    weekdays : (n_people, h) int array
        Weekday of each coming day, 0 is Monday.
    level : float
        Share of days that the interval should hold, between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError("level must lie between 0 and 1")
    z, sd = outlook(posteriors, prior, weekdays)
    z = np.clip(z, *scale.line)
    half = sd * half_widths(posteriors, prior, weekdays.shape[1], level)
    low, high = scale.inverse(z - half), scale.inverse(z + half)
    mean = np.clip(scale.expected(z, sd), low, high)
    return [Forecast(*days, level) for days in zip(mean, low, high, strict=True)]


def outlook(posteriors: Sequence[Posterior], prior: Prior, weekdays: Ints) -> tuple[Floats, Floats]:
    """Mean and model standard deviation (n_people, h) on the transformed scale, before calibration."""
    state, parameters, recent = stacked(posteriors)
    horizons = range(1, weekdays.shape[1] + 1)
    days = [combined(state, parameters, recent, prior.blend, h) for h in horizons]
    mean, sd = (np.array(column, np.float64).reshape(len(days), -1).T for column in zip(*days, strict=True))
    effects = np.array([p.weekday for p in posteriors]).reshape(-1, 7)
    centre = np.array([[p.centre] for p in posteriors]).reshape(-1, 1)
    return centre + np.take_along_axis(effects, weekdays, axis=1) + mean, sd


def half_widths(posteriors: Sequence[Posterior], prior: Prior, n_ahead: int, level: float) -> Floats:
    """Half-widths (n_people, h) in model standard deviations.

    A person's one-step scores set the width; how it grows with the horizon beyond the model's own
    standard deviation is the cohort's.
    """
    scores = np.full((len(posteriors), KEPT), np.nan)
    for row, posterior in zip(scores, posteriors, strict=True):
        row[: len(posterior.scores)] = posterior.scores
    own = own_quantile(scores, cohort_quantile(prior.scores, level), level)
    return np.asarray(own[:, None] * growth(prior.scores, n_ahead), np.float64)
