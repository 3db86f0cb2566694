"""How the estimator of section 6.1 behaves, whatever the numbers."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.trials.emee import emee
from coach.trials.inference import contrast, joint_test
from coach.trials.sandwich import NotEstimable
from coach.trials.wcls import wcls, wcls_arms


def test_the_uncorrected_covariance_is_that_of_a_weighted_gee(tiny, marginal):
    fit = wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal)
    use = tiny.available
    x = np.column_stack([tiny.controls, tiny.a - 0.5])[use]
    weight = (0.5 / np.where(tiny.a, tiny.p, 1 - tiny.p))[use]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gee = sm.GEE(tiny.y[use], x, groups=tiny.person[use], weights=weight).fit()
    assert fit.theta == pytest.approx(gee.params)
    assert np.sqrt(np.diag(fit.cov_theta_raw)) == pytest.approx(gee.bse)


def test_the_correction_equals_its_explicit_form(tiny, marginal):
    fit = wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal)
    use = tiny.available
    x = np.column_stack([tiny.controls, tiny.a - 0.5])[use]
    w = (0.5 / np.where(tiny.a, tiny.p, 1 - tiny.p))[use]
    inverse, meat = np.linalg.inv(x.T @ (w[:, None] * x)), np.zeros((3, 3))
    for person in range(12):
        own = tiny.person[use] == person
        xi, wi = x[own], np.diag(w[own])
        hat = xi @ inverse @ xi.T @ wi
        u = xi.T @ wi @ np.linalg.solve(np.eye(own.sum()) - hat, tiny.y[use][own] - xi @ fit.theta)
        meat += np.outer(u, u)
    assert fit.cov_theta == pytest.approx(inverse @ meat @ inverse)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(0.1, 10), shift=st.floats(-5, 5), seed=st.integers(0, 999))
def test_scale_shift_and_order_of_rows(tiny, scale, shift, seed):
    order = np.random.default_rng(seed).permutation(120)
    plain, moved = (
        wcls(
            y[order_],
            tiny.a[order_],
            tiny.p[order_],
            0.5,
            available=tiny.available[order_],
            moderators=tiny.ones,
            controls=tiny.controls[order_],
            cluster=names[order_],
        )
        for y, order_, names in (
            (tiny.y, np.arange(120), tiny.person),
            (scale * tiny.y + shift, order, np.array([f"person {9 - i}" for i in tiny.person])),
        )
    )
    assert moved.beta == pytest.approx(scale * plain.beta, abs=1e-9)
    assert moved.se == pytest.approx(scale * plain.se, abs=1e-9)


def test_unavailable_rows_have_no_say(tiny, marginal):
    plain = wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal)
    shut = ~tiny.available
    y, a, p = (np.where(shut, np.nan, values) for values in (tiny.y, tiny.a, tiny.p))
    assert wcls(y, a, p, 0.5, **marginal).cov.tolist() == plain.cov.tolist()


def test_missing_outcomes_are_left_out_and_counted(tiny, marginal):
    lost = np.flatnonzero(tiny.available)[[3, 40]]
    y, available = tiny.y.copy(), tiny.available.copy()
    y[lost], available[lost] = np.nan, False
    fit = wcls(y, tiny.a, tiny.p, 0.5, **marginal)
    without = wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal | {"available": available})
    assert (fit.n_missing, fit.n_rows) == (2, 98)
    assert fit.theta.tolist() == without.theta.tolist()


def test_two_arms_coded_as_options_give_the_same_fit(tiny, marginal):
    probs = np.column_stack([1 - tiny.p, tiny.p])
    arms = wcls_arms(tiny.y, tiny.a, probs, [0.5, 0.5], **marginal)
    assert arms.cov.tolist() == wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal).cov.tolist()


def test_the_logged_probability_undoes_adaptation():
    rng = np.random.default_rng(7)
    n, points = 400, 30
    estimates = {"logged": [], "assumed": []}
    y, a, p = (np.zeros((n, points)) for _ in range(3))
    mood = rng.normal(size=(n, points))
    p[:] = np.where(mood > 0, 0.7, 0.25)
    a[:] = rng.random((n, points)) < p
    y[:] = 0.5 * mood + 0.3 * a + rng.normal(size=(n, points))
    ones = np.ones(n * points)
    for name, probs in (("logged", p), ("assumed", np.full_like(p, 0.3))):
        estimates[name] = wcls(
            y.ravel(),
            a.ravel(),
            probs.ravel(),
            0.4,
            available=ones,
            moderators=ones,
            controls=ones,
            cluster=np.repeat(np.arange(n), points),
        )
    right, wrong = (contrast(fit, [1]) for fit in estimates.values())
    assert right.low < 0.3 < right.high and wrong.low > 0.35


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"p": np.zeros(120)}, "logged"),
        ({"p_tilde": 1.0}, "numerator"),
        ({"p": np.full(120, np.nan)}, "logged"),
        ({"a": np.full(120, 2)}, "action"),
        ({"y": np.ones(119)}, "action|decision points|shape|broadcast"),
    ],
)
def test_impossible_input_is_refused(tiny, marginal, change, problem):
    given_ = {"y": tiny.y, "a": tiny.a, "p": tiny.p, "p_tilde": 0.5} | marginal | change
    with pytest.raises(ValueError, match=problem):
        wcls(**given_)


def test_what_the_data_do_not_determine_is_refused(tiny, marginal):
    one = (tiny.person == 3).astype(float)
    for controls in (np.column_stack([tiny.ones, tiny.ones]), np.column_stack([tiny.ones, one]), one * 0):
        with pytest.raises(NotEstimable):
            wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal | {"controls": controls})
    with pytest.raises(NotEstimable, match="too few"):
        wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal | {"available": tiny.person < 3})


def test_a_relative_risk_without_events_is_refused(tiny, marginal):
    for y in (np.zeros(120), np.where(tiny.a, 0, tiny.yb), tiny.yb - 1):
        with pytest.raises(NotEstimable):
            emee(y, tiny.a, tiny.p, 0.5, **marginal)


def test_contrasts_of_the_wrong_shape_are_refused(tiny, marginal):
    fit = wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal)
    for weights in ([0], [1, 1], [np.nan], [[1]]):
        with pytest.raises(ValueError, match="contrast"):
            contrast(fit, weights)
    with pytest.raises(ValueError, match="level"):
        contrast(fit, [1], level=95)
    with pytest.raises(ValueError, match="independent"):
        joint_test(fit, [[1], [1]])


def test_one_row_is_the_same_by_t_and_by_f(tiny, marginal):
    fit = wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal)
    assert joint_test(fit).p == pytest.approx(contrast(fit, [1]).p)
    assert contrast(fit, [1], level=0.8).low > contrast(fit, [1]).low
