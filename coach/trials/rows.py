"""The rows of a trial that an estimator may use: available, complete, with honest probabilities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coach.trials.sandwich import NotEstimable

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Available decision points without missing values; `person` counts from 0."""

    y: Matrix
    a: NDArray[np.intp]
    p: Matrix
    p_tilde: Matrix
    moderators: Matrix
    controls: Matrix
    person: NDArray[np.intp]
    n_people: int
    n_missing: int


def usable(
    y: ArrayLike,
    a: ArrayLike,
    p: ArrayLike,
    p_tilde: ArrayLike,
    *,
    available: ArrayLike,
    moderators: ArrayLike,
    controls: ArrayLike,
    cluster: ArrayLike,
) -> Rows:
    """The rows to estimate from; ValueError when an available row's action or probabilities cannot be.

    Parameters
    ----------
    y, a, available, cluster : array-likes of shape (n,)
    p, p_tilde : array-likes of shape (n, n_options)
        Logged and numerator probability of each option, option 0 being `none`; anything where unavailable.
    moderators, controls : array-likes of shape (n, k) and (n, q)
        Available rows with a nan in these or in `y` are left out and counted, never filled.
    """
    outcome, action = np.asarray(y, dtype=np.float64), np.asarray(a, dtype=np.float64)
    logged, numerator = np.asarray(p, dtype=np.float64), np.asarray(p_tilde, dtype=np.float64)
    m, c = _columns(moderators), _columns(controls)
    open_ = np.asarray(available, dtype=bool)
    people = np.asarray(cluster)
    if len({len(array) for array in (outcome, action, logged, numerator, m, c, open_, people)}) != 1:
        raise ValueError("the arrays describe different numbers of decision points")
    _check_draws(action[open_], logged[open_], numerator[open_])
    keep = open_ & np.isfinite(outcome) & np.isfinite(m).all(axis=1) & np.isfinite(c).all(axis=1)
    ids, person = np.unique(people[keep], return_inverse=True)
    if len(ids) <= c.shape[1] + m.shape[1] * (logged.shape[1] - 1):
        raise NotEstimable(f"{len(ids)} people are too few for this many coefficients")
    return Rows(
        y=outcome[keep],
        a=action[keep].astype(np.intp),
        p=logged[keep],
        p_tilde=numerator[keep],
        moderators=m[keep],
        controls=c[keep],
        person=person.astype(np.intp),
        n_people=len(ids),
        n_missing=int((open_ & ~keep).sum()),
    )


def two_options(p: ArrayLike, n: int) -> Matrix:
    """The (n, 2) probabilities of `none` and of treating, from the latter (a number or n of them)."""
    treat = np.broadcast_to(np.asarray(p, dtype=np.float64), (n,))
    return np.column_stack([1 - treat, treat])


def _columns(values: ArrayLike) -> Matrix:
    columns = np.asarray(values, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.ndim != 2 or not columns.shape[1]:
        raise ValueError("moderators and controls are (n, columns) with at least one column")
    return columns


def _check_draws(action: Matrix, logged: Matrix, numerator: Matrix) -> None:
    if not np.isin(action, np.arange(logged.shape[1])).all():
        raise ValueError(f"an action at an available point is one of 0 to {logged.shape[1] - 1}")
    for name, probs in (("logged", logged), ("numerator", numerator)):
        if not ((probs > 0) & (probs < 1)).all() or not np.allclose(probs.sum(axis=1), 1, atol=1e-9):
            raise ValueError(f"the {name} probabilities of available points lie in (0, 1) and sum to 1")
