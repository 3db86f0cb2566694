"""Covariances clustered by person, with the Mancl-DeRouen correction for few people."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
MAX_CONDITION = 1e12


class NotEstimable(ValueError):
    """The data do not determine the coefficients asked for."""


def by_person(rows: Matrix, person: NDArray[np.intp], n_people: int) -> Matrix:
    """The sums of `rows` (n, ...) over each person's rows, shape (n_people, ...)."""
    sums = np.zeros((n_people, *rows.shape[1:]))
    np.add.at(sums, person, rows)
    return sums


def bread(jacobian: Matrix) -> Matrix:
    """The inverse of a (d, d) matrix; NotEstimable when columns are collinear or a person stands alone."""
    scale = np.sqrt(np.abs(np.diagonal(jacobian)))
    if not (scale > 0).all():
        raise NotEstimable("a coefficient has no variation to be estimated from")
    scaled = jacobian / np.outer(scale, scale)
    if not np.linalg.cond(scaled) < MAX_CONDITION:
        raise NotEstimable("the columns of the design are collinear")
    return np.asarray(np.linalg.inv(scaled) / np.outer(scale, scale))


def covariance(inverse: Matrix, scores: Matrix, leverage: Matrix | None = None) -> Matrix:
    """The sandwich covariance of coefficients.

    Parameters
    ----------
    inverse : array of shape (d, d)
        The inverse J of the summed Jacobian of the scores.
    scores : array of shape (n_people, d)
        Each person's estimating function at the solution.
    leverage : array of shape (n_people, d, d), optional
        Each person's share L_i of the Jacobian times J; scores become (I - L_i)^-1 u_i, which is
        the correction (I - H_ii)^-1 of the residuals without its n_i x n_i matrix.

    References
    ----------
    Mancl and DeRouen (2001), Biometrics 57:126; coach.md 6.1.
    """
    if leverage is not None:
        remaining = np.eye(len(inverse)) - leverage
        if not (np.linalg.cond(remaining) < MAX_CONDITION).all():
            raise NotEstimable("one person alone determines a coefficient")
        scores = np.asarray(np.linalg.solve(remaining, scores[..., None])[..., 0], dtype=np.float64)
    return np.asarray(inverse @ (scores.T @ scores) @ inverse.T)
