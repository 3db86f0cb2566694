"""The grid of level parameters, its weak prior, and the cohort's weights on it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PHI = (0.2, 0.4, 0.6, 0.75, 0.88, 0.96)
LEVEL_SHARE = (0.05, 0.2, 0.4, 0.65, 0.9)  # of the variance within a person
PSEUDO_PEOPLE = 2.0
N_ROUNDS = 20


class Grid(NamedTuple):
    """Points (phi, q / r) with the log of their prior probability, each of shape (n_points,)."""

    phi: Floats
    q_ratio: Floats
    log_weight: Floats


def weak_grid() -> Grid:
    """Thirty points, with a mild preference for a small level that halves in a day or two."""
    phi, share = (axis.ravel() for axis in np.meshgrid(PHI, LEVEL_SHARE, indexing="ij"))
    q_ratio = share / (1 - share) * (1 - phi**2)
    score = -0.5 * ((phi - 0.5) / 0.3) ** 2 - 0.5 * ((share - 0.25) / 0.3) ** 2
    return Grid(phi, q_ratio, score - np.log(np.exp(score).sum()))


def with_cohort(grid: Grid, log_likelihood: Floats) -> Grid:
    """The grid with the weights that a cohort's log-likelihoods (n_people, n_points) support.

    Mixing proportions by expectation-maximisation, a fixed number of rounds, with a few pseudo-people
    who hold the grid's own weights, so that no point is ever ruled out.
    """
    base, likelihood = np.exp(grid.log_weight), log_likelihood - log_likelihood.max(axis=1, keepdims=True)
    weight = base
    for _ in range(N_ROUNDS):
        joint = np.exp(likelihood) * weight
        share = joint / joint.sum(axis=1, keepdims=True)
        weight = (share.sum(axis=0) + PSEUDO_PEOPLE * base) / (len(share) + PSEUDO_PEOPLE)
    return grid._replace(log_weight=np.log(weight))


def best(grid: Grid, log_likelihood: Floats) -> NDArray[np.intp]:
    """The most probable point of each person; near-ties go to the first, whatever the rounding."""
    score: Floats = np.round(log_likelihood + grid.log_weight, 9)
    return np.asarray(score.argmax(axis=1), np.intp)
