"""A person's own parameters: weekday pattern, size of the noise, and the level's grid point."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phenotyping.dynamics.grid import Grid, best
from phenotyping.dynamics.kalman import Parameters, log_likelihood
from phenotyping.dynamics.moments import Moments, by_weekday, own_means

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST = 0.02  # of the group's variance: a person whose answers never changed may still change


class Pattern(NamedTuple):
    """Weekday effects (n_people, 7), the group's included, and variance within each person (n_people,)."""

    weekday: Floats
    variance: Floats


def pattern(y: Floats, weekday: Ints, cohort: Moments) -> Pattern:
    """Weekday effects and variances, each shrunk to the cohort's in proportion to the data."""
    group = np.array(cohort.weekday)
    means, n = own_means(y - group[weekday])
    residual = y - group[weekday] - means[:, None]
    sums, counts = by_weekday(residual, weekday)
    own = sums * cohort.weekday_var / (cohort.weekday_var * counts + cohort.within_var)
    left = residual - np.take_along_axis(own, weekday, axis=1)
    squares = np.nansum(left**2, axis=1)
    freedom = cohort.pseudo_days + np.maximum(n - 1, 0)
    variance = (cohort.pseudo_days * cohort.within_var + squares) / freedom
    return Pattern(group + own, np.maximum(variance, LEAST * cohort.within_var))


def deviations(y: Floats, weekday: Ints, cohort: Moments, weekday_effect: Floats) -> Floats:
    """Days as deviations from the cohort mean and the weekday, time first: (n_days, n_people)."""
    usual = cohort.mean + np.take_along_axis(weekday_effect, weekday, axis=1)
    return np.ascontiguousarray((y - usual).T)


def on_grid(variance: Floats, cohort: Moments, grid: Grid) -> Parameters:
    """Parameters (n_people, n_points) whose level and noise together have each person's variance."""
    noise = 1 / (1 + grid.q_ratio / (1 - grid.phi**2))
    r = variance[:, None] * noise
    return Parameters(
        np.broadcast_to(grid.phi, r.shape), r * grid.q_ratio, r, np.full(r.shape, cohort.between_var)
    )


def grid_likelihood(y: Floats, weekday: Ints, cohort: Moments, grid: Grid) -> Floats:
    """Log-likelihood (n_people, n_points) of each person's days."""
    own = pattern(y, weekday, cohort)
    x = deviations(y, weekday, cohort, own.weekday)
    return log_likelihood(x, on_grid(own.variance, cohort, grid))


def learn(y: Floats, weekday: Ints, cohort: Moments, grid: Grid) -> tuple[Floats, Parameters]:
    """Weekday effects (n_people, 7) and most probable parameters (n_people,) of all persons at once."""
    own = pattern(y, weekday, cohort)
    everywhere = on_grid(own.variance, cohort, grid)
    x = deviations(y, weekday, cohort, own.weekday)
    point = best(grid, log_likelihood(x, everywhere))[:, None]
    chosen = (np.take_along_axis(column, point, axis=1)[:, 0] for column in everywhere)
    return own.weekday, Parameters(*chosen)
