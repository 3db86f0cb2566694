"""A fitted causal excursion effect, and the right tests of its combinations."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Coefficients with a covariance clustered by person.

    Parameters
    ----------
    theta : float array of shape (q + k,)
        Control coefficients, then the k effect coefficients.
    cov_theta, cov_theta_raw : float arrays of shape (q + k, q + k)
        With and without the Mancl-DeRouen correction; inference uses the corrected one.
    k : int
        Effect coefficients.
    n_people, n_rows, n_missing : int
        People and rows used, and available rows left out because a value was missing.
    """

    theta: Matrix
    cov_theta: Matrix
    cov_theta_raw: Matrix
    k: int
    n_people: int
    n_rows: int
    n_missing: int

    def to_json(self) -> dict[str, Any]:
        """The plain form to store with an analysis; floats in full precision."""
        stored = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in stored.items()
        }

    @property
    def df(self) -> int:
        """Degrees of freedom: people less coefficients."""
        return self.n_people - self.theta.size

    @property
    def alpha(self) -> Matrix:
        """The control coefficients."""
        return self.theta[: -self.k]

    @property
    def beta(self) -> Matrix:
        """The effect coefficients, shape (k,)."""
        return self.theta[-self.k :]

    @property
    def cov(self) -> Matrix:
        """The covariance of the effect coefficients, shape (k, k)."""
        return self.cov_theta[-self.k :, -self.k :]

    @property
    def se(self) -> Matrix:
        """The standard errors of the effect coefficients."""
        return np.asarray(np.sqrt(np.diag(self.cov)), dtype=np.float64)

    @property
    def se_raw(self) -> Matrix:
        """The same without small-sample correction; for comparison only."""
        return np.asarray(np.sqrt(np.diag(self.cov_theta_raw))[-self.k :], dtype=np.float64)


@dataclass(frozen=True)
class Contrast:
    """One linear combination of effects, its interval and its two-sided t test."""

    estimate: float
    se: float
    low: float
    high: float
    t: float
    p: float
    df: int


@dataclass(frozen=True)
class JointTest:
    """Hotelling's T2 of several combinations at once, and the F test it amounts to."""

    t2: float
    f: float
    p: float
    df1: int
    df2: int


def contrast(fit: Fit, weights: ArrayLike, *, level: float = 0.95) -> Contrast:
    """The combination `weights @ beta` with its interval, on t(df) however many weights are not zero.

    Parameters
    ----------
    weights : array-like of shape (k,)
        One row L of finite weights; an all-zero row has no test and is refused.

    References
    ----------
    coach.md 6.3, 6.4: taking the number of non-zero weights as numerator degrees of freedom is wrong.
    """
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415  slow to import

    row = np.asarray(weights, dtype=np.float64)
    if row.shape != (fit.k,) or not np.isfinite(row).all() or not row.any():
        raise ValueError(f"a contrast is a row of {fit.k} finite weights, not all zero")
    if not 0 < level < 1:
        raise ValueError("a confidence level lies between 0 and 1")
    estimate, se = float(row @ fit.beta), float(np.sqrt(row @ fit.cov @ row))
    t = estimate / se
    half = float(stdtrit(fit.df, (1 + level) / 2)) * se
    p = float(2 * stdtr(fit.df, -abs(t)))
    return Contrast(estimate, se, estimate - half, estimate + half, t, p, fit.df)


def joint_test(fit: Fit, rows: ArrayLike | None = None) -> JointTest:
    """The test that every row of combinations is zero; of all effects when no rows are given.

    Parameters
    ----------
    rows : array-like of shape (d, k), optional
        Linearly independent combinations; ValueError otherwise.
    """
    from scipy.special import fdtrc  # noqa: PLC0415  slow to import

    matrix = np.eye(fit.k) if rows is None else np.asarray(rows, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != fit.k or np.linalg.matrix_rank(matrix) < len(matrix):
        raise ValueError(f"a joint test takes linearly independent rows of {fit.k} weights")
    d, b = len(matrix), matrix @ fit.beta
    t2 = float(b @ np.linalg.solve(matrix @ fit.cov @ matrix.T, b))
    f = t2 * fit.df / (d * (d + fit.df - 1))
    return JointTest(t2, f, float(fdtrc(d, fit.df, f)), d, fit.df)
