"""The causal excursion effect on a binary or count outcome, as a log relative risk."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coach.trials.inference import Fit
from coach.trials.rows import Rows, two_options, usable
from coach.trials.sandwich import NotEstimable, bread, by_person, covariance

Matrix = NDArray[np.float64]
MAX_STEPS, TOLERANCE = 100, 1e-12


def emee(
    y: ArrayLike,
    a: ArrayLike,
    p: ArrayLike,
    p_tilde: ArrayLike,
    *,
    available: ArrayLike,
    moderators: ArrayLike,
    controls: ArrayLike,
    cluster: ArrayLike,
) -> Fit:
    """The log relative risk of treating against not, as a linear function of the moderators.

    Parameters are those of `coach.trials.wcls.wcls`, with `y` not negative. `fit.alpha` models the log of
    the untreated mean. NotEstimable when Newton's method finds no solution.

    References
    ----------
    Qian et al. (2021), Biometrika 108:507; coach.md 6.2.
    """
    n = len(np.asarray(y))
    rows = usable(
        y,
        a,
        two_options(p, n),
        two_options(p_tilde, n),
        available=available,
        moderators=moderators,
        controls=controls,
        cluster=cluster,
    )
    if (rows.y < 0).any() or not rows.y.any():
        raise NotEstimable("the outcome is a count or 0/1, and not always 0")
    return _fit(rows)


def _fit(rows: Rows) -> Fit:
    equation = _Equation(rows)
    theta = equation.solution()
    score, jacobian, mean_slope = equation.at(theta)
    inverse = bread(jacobian.sum(axis=0))
    return Fit(
        theta=theta,
        cov_theta=covariance(inverse, score, mean_slope @ inverse),
        cov_theta_raw=covariance(inverse, score),
        k=rows.moderators.shape[1],
        n_people=rows.n_people,
        n_rows=len(rows.y),
        n_missing=rows.n_missing,
    )


class _Equation:
    """The estimating equation sum w e^{-A m'b} (y - e^{c'a + A m'b}) x = 0 with x = [c, (A - pt) m].

    Signs are turned so that the Jacobian is near positive definite.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows, self.q = rows, rows.controls.shape[1]
        treated = rows.a[:, None].astype(np.float64)
        at = np.arange(len(rows.y))
        weight = rows.p_tilde[at, rows.a] / rows.p[at, rows.a]
        centred = (treated - rows.p_tilde[:, 1:]) * rows.moderators
        self.wx = weight[:, None] * np.column_stack([rows.controls, centred])
        self.arm = treated * rows.moderators

    def at(self, theta: Matrix) -> tuple[Matrix, Matrix, Matrix]:
        """Each person's score, minus its Jacobian, and the part of that due to the mean alone."""
        rows = self.rows
        base = np.exp(rows.controls @ theta[: self.q])
        scaled = rows.y * np.exp(-self.arm @ theta[self.q :])
        slope = np.column_stack([base[:, None] * rows.controls, scaled[:, None] * self.arm])
        mean_slope = base[:, None] * np.column_stack([rows.controls, self.arm])
        score = self.wx * (scaled - base)[:, None]
        return self._sums(score), self._sums(self._outer(slope)), self._sums(self._outer(mean_slope))

    def solution(self) -> Matrix:
        """The root, by Newton's method with halved steps, from a constant mean fitted by least squares."""
        rows = self.rows
        theta = np.zeros(self.wx.shape[1])
        theta[: self.q] = np.linalg.lstsq(rows.controls, np.full(len(rows.y), np.log(rows.y.mean())))[0]
        score, jacobian, _ = self.at(theta)
        for _ in range(MAX_STEPS):
            step = bread(jacobian.sum(axis=0)) @ score.sum(axis=0)
            theta, score, jacobian = self._improved(theta, step, np.abs(score.sum(axis=0)).max())
            if np.abs(step).max() < TOLERANCE * max(1.0, float(np.abs(theta).max())):
                return theta
        raise NotEstimable("the estimating equation has no solution near the data")

    def _improved(self, theta: Matrix, step: Matrix, error: float) -> tuple[Matrix, Matrix, Matrix]:
        for halving in range(30):
            there = theta + step / 2**halving
            with np.errstate(over="ignore", invalid="ignore"):
                score, jacobian, _ = self.at(there)
            if np.abs(score.sum(axis=0)).max() <= max(error, 1e-9):
                return there, score, jacobian
        raise NotEstimable("the estimating equation has no solution near the data")

    def _outer(self, right: Matrix) -> Matrix:
        return self.wx[:, :, None] * right[:, None, :]

    def _sums(self, values: Matrix) -> Matrix:
        return by_person(values, self.rows.person, self.rows.n_people)
