"""Synthetic people whose mean, weekday pattern, level and noise are known."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WEEKDAY = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 4.0, 3.0]) - 8 / 7


class People(NamedTuple):
    y: NDArray[np.float64]
    weekday: NDArray[np.int64]
    mean: NDArray[np.float64]


def people(n_people: int = 40, n_days: int = 60, *, seed: int = 1, missing: float = 0.15) -> People:
    """Days around 50 (sd 8 between people, about 6 within) with a mean-reverting level of random strength."""
    rng = np.random.default_rng(seed)
    mean, sd = 50 + 8 * rng.standard_normal(n_people), 6 * np.exp(0.25 * rng.standard_normal(n_people))
    phi, share = rng.uniform(0.2, 0.95, n_people), rng.uniform(0, 0.8, n_people)
    level = rng.standard_normal(n_people)
    days = []
    for day in range(n_days):
        level = phi * level + np.sqrt(1 - phi**2) * rng.standard_normal(n_people)
        noise = np.sqrt(1 - share) * rng.standard_normal(n_people)
        days.append(mean + WEEKDAY[day % 7] + sd * (np.sqrt(share) * level + noise))
    y = np.array(days).T
    y[rng.random(y.shape) < missing] = np.nan
    return People(y, weekdays(n_people, 0, n_days), mean)


def weekdays(n_people: int, first: int, n_days: int) -> NDArray[np.int64]:
    return np.tile((first + np.arange(n_days)) % 7, (n_people, 1))
