"""Weighted and centred least squares: the causal excursion effect on a continuous proximal outcome."""

import numpy as np
from numpy.typing import ArrayLike

from coach.trials.inference import Fit
from coach.trials.rows import Rows, two_options, usable
from coach.trials.sandwich import bread, by_person, covariance


def wcls(
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
    """The effect of treating against not, at available points, as a linear function of the moderators.

    Parameters
    ----------
    y : array-like of shape (n,)
        Proximal outcome of each decision point; nan where missing (the row is left out and counted).
    a, p : array-likes of shape (n,)
        Action 0 or 1 as chosen, and the logged probability of 1; anything where unavailable.
    p_tilde : float or array-like of shape (n,)
        Numerator probability: a constant, or a function of the moderators only.
    available : array-like of shape (n,)
    moderators, controls : array-likes of shape (n, k) and (n, q)
        Each with its own column of ones; moderators belong to the controls too.
    cluster : array-like of shape (n,)
        Person of each row.

    Returns
    -------
    fit : Fit
        With `df = people - q - k`; NotEstimable when the data do not determine it.

    References
    ----------
    Boruvka et al. (2018), JASA 113:1112; Mancl and DeRouen (2001), Biometrics 57:126; coach.md 6.1.
    """
    n = len(np.asarray(y))
    return wcls_arms(
        y,
        a,
        two_options(p, n),
        two_options(p_tilde, n),
        available=available,
        moderators=moderators,
        controls=controls,
        cluster=cluster,
    )


def wcls_arms(
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
    """The effect of each arm against `none`, one block of k coefficients an arm, in the arms' order.

    Parameters are those of `wcls`, but `a` counts options from 0 (`none`) and `p` and `p_tilde` have
    shape (n, n_options): the probability of every option, `none` first, rows summing to 1.

    References
    ----------
    coach.md 6.5.
    """
    n = len(np.asarray(y))
    numerator = np.broadcast_to(np.asarray(p_tilde, dtype=np.float64), (n, np.shape(p)[1]))
    rows = usable(
        y, a, p, numerator, available=available, moderators=moderators, controls=controls, cluster=cluster
    )
    return _fit(rows)


def _fit(rows: Rows) -> Fit:
    at = np.arange(len(rows.y))
    weight = rows.p_tilde[at, rows.a] / rows.p[at, rows.a]
    chosen = rows.a[:, None] == np.arange(1, rows.p.shape[1])
    centred = chosen - rows.p_tilde[:, 1:]
    x = np.column_stack([rows.controls, *(arm[:, None] * rows.moderators for arm in centred.T)])
    wx = weight[:, None] * x
    inverse = bread(wx.T @ x)
    theta = inverse @ (wx.T @ rows.y)
    scores = by_person(wx * (rows.y - x @ theta)[:, None], rows.person, rows.n_people)
    leverage = by_person(wx[:, :, None] * x[:, None, :], rows.person, rows.n_people) @ inverse
    return Fit(
        theta=theta,
        cov_theta=covariance(inverse, scores, leverage),
        cov_theta_raw=covariance(inverse, scores),
        k=x.shape[1] - rows.controls.shape[1],
        n_people=rows.n_people,
        n_rows=len(rows.y),
        n_missing=rows.n_missing,
    )
