"""The batched filter against a scalar one, statsmodels, and the algebra of a missing day."""

import math

import numpy as np
import pytest
from statsmodels.tsa.statespace.mlemodel import MLEModel

from phenotyping.dynamics.kalman import Parameters, ahead, log_likelihood, run


def scalar_log_likelihood(x, phi, q, r, mean_var):
    m = level = cov = 0.0
    var_m, var_l, total = mean_var, q / (1 - phi**2), 0.0
    for value in x:
        level, cov, var_l = phi * level, phi * cov, phi**2 * var_l + q
        if math.isnan(value):
            continue
        f, v = var_m + 2 * cov + var_l + r, value - m - level
        km, kl = (var_m + cov) / f, (cov + var_l) / f
        m, level = m + km * v, level + kl * v
        var_m, cov, var_l = var_m - km**2 * f, cov - km * kl * f, var_l - kl**2 * f
        total -= 0.5 * (math.log(2 * math.pi) + math.log(f) + v * v / f)
    return total


def drawn(n_days=80, n_people=6, seed=2):
    rng = np.random.default_rng(seed)
    x = 3 * rng.standard_normal((n_days, n_people))
    x[rng.random(x.shape) < 0.2] = np.nan
    columns = (rng.uniform(low, high, n_people) for low, high in ((0.1, 0.95), (0.1, 3), (0.5, 6), (1, 20)))
    return x, Parameters(*columns)


def test_log_likelihood_agrees_with_a_scalar_filter():
    x, parameters = drawn()
    batched = log_likelihood(x, Parameters(*(column[:, None] for column in parameters)))[:, 0]
    one_by_one = [scalar_log_likelihood(x[:, i], *(c[i] for c in parameters)) for i in range(x.shape[1])]
    np.testing.assert_allclose(batched, one_by_one, rtol=0, atol=1e-10)


def test_log_likelihood_does_not_depend_on_how_people_are_batched(monkeypatch):
    x, parameters = drawn()
    sets = Parameters(*(column[:, None] for column in parameters))
    together = log_likelihood(x, sets)
    monkeypatch.setattr("phenotyping.dynamics.kalman.PEOPLE_AT_ONCE", 4)
    np.testing.assert_array_equal(log_likelihood(x, sets), together)


def statsmodels_filter(x, parameters, n_ahead):
    phi, q, r, mean_var = (float(column[0]) for column in parameters)
    model = MLEModel(x, k_states=2, k_posdef=1)
    model["design"], model["transition"] = np.ones((1, 2)), np.diag([1.0, phi])
    model["selection"], model["state_cov"] = np.array([[0.0], [1.0]]), np.array([[q]])
    model["obs_cov"] = np.array([[r]])
    # statsmodels starts with the prediction of the first day, which stationarity makes the same
    model.initialize_known(np.zeros(2), np.diag([mean_var, q / (1 - phi**2)]))
    result = model.ssm.filter()
    coming = model.smooth([]).get_forecast(n_ahead)
    return result.llf, coming.predicted_mean, coming.se_mean**2


@pytest.mark.parametrize("person", range(3))
def test_filter_and_forecast_agree_with_statsmodels(person):
    x, parameters = drawn()
    own = Parameters(*(column[person : person + 1] for column in parameters))
    llf, mean, variance = statsmodels_filter(x[:, person], own, n_ahead=7)
    ours = log_likelihood(x[:, [person]], Parameters(*(c[:, None] for c in own)))[0, 0]
    assert ours == pytest.approx(llf, abs=1e-8)
    states = run(x[:, [person]], own).states
    coming = [ahead(type(states)(*(c[-1] for c in states)), own, h) for h in range(1, 8)]
    np.testing.assert_allclose([m[0] for m, _v in coming], mean, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose([v[0] for _m, v in coming], variance, rtol=1e-8)


def test_missing_days_are_prediction_steps():
    x, parameters = drawn()
    x[-3:] = np.nan
    path = run(x, parameters)
    before = type(path.states)(*(column[-4] for column in path.states))
    after = type(path.states)(*(column[-1] for column in path.states))
    for h in (1, 5):
        for got, expected in zip(ahead(after, parameters, h), ahead(before, parameters, h + 3), strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_days_before_the_first_observation_change_nothing():
    x, parameters = drawn()
    late = np.concatenate([np.full((10, x.shape[1]), np.nan), x])
    for got, expected in zip(run(late, parameters).states, run(x, parameters).states, strict=True):
        np.testing.assert_allclose(got[-1], expected[-1], rtol=1e-10, atol=1e-12)


def test_covariance_stays_positive_definite():
    states = run(*drawn(n_days=2000)).states
    assert (states.var_m > 0).all()
    assert (states.var_m * states.var_l - states.cov**2 > 0).all()
