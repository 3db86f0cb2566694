"""One person's posterior: filtering, poor series, symmetry, JSON."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from dynamics_people import people, weekdays
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.dynamics.kalman import Parameters
from phenotyping.dynamics.person import Posterior, assimilate, filter_people, fit_people
from phenotyping.dynamics.prior import fit_prior

Y, WEEKDAY, MEAN = people(30, 70)
PRIOR = fit_prior(Y, WEEKDAY)
days = st.lists(st.one_of(st.just(np.nan), st.floats(-500, 500)), min_size=1, max_size=40)


def alike(one: Posterior, other: Posterior, *, shift: float = 0.0) -> None:
    ours, theirs = asdict(one), asdict(other)
    ours["centre"] += shift
    for name, value in ours.items():
        expected = [np.nan if v is None else v for v in np.ravel(theirs[name])]
        got = [np.nan if v is None else v for v in np.ravel(value)]
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("first", [0, 1, 40])
def test_assimilating_day_by_day_equals_filtering_at_once(first):
    """Same parameters: start from `first` days and add the others one at a time."""
    whole = fit_people(Y, WEEKDAY, PRIOR)
    effects = np.array([p.weekday for p in whole])
    own = Parameters(*(np.array([getattr(p, n) for p in whole]) for n in ("phi", "q", "r", "mean_var")))
    x = (Y - PRIOR.mean - np.take_along_axis(effects, WEEKDAY, axis=1)).T
    start = np.concatenate([np.full((7, len(Y)), np.nan), x[:first]])
    for i, posterior in enumerate(filter_people(start, effects, own, PRIOR)):
        for value, weekday in zip(Y[i, first:], WEEKDAY[i, first:], strict=True):
            posterior = assimilate(posterior, float(value), int(weekday), PRIOR)  # noqa: PLW2901
        alike(posterior, whole[i])


def test_a_missing_day_is_a_prediction_step():
    today = fit_people(Y, WEEKDAY, PRIOR)[0]
    tomorrow = assimilate(today, float("nan"), 0, PRIOR)
    assert tomorrow.level == pytest.approx(today.phi * today.level)
    assert tomorrow.var_l == pytest.approx(today.phi**2 * today.var_l + today.q)
    assert (tomorrow.m, tomorrow.var_m, tomorrow.scores) == (today.m, today.var_m, today.scores)
    assert tomorrow.gap_days == today.gap_days + 1
    assert tomorrow.recent[-1] is None


def test_personal_means_are_closer_to_the_truth_than_plain_means():
    y, weekday, truth = people(200, 10, seed=7)
    posteriors = fit_people(y, weekday, fit_prior(y, weekday))
    shrunk = np.array([p.mean for p in posteriors]) - truth
    plain = np.nanmean(y, axis=1) - truth
    assert np.mean(shrunk**2) < np.mean(plain**2)


@settings(max_examples=40, deadline=None)
@given(values=days, first=st.integers(0, 6))
def test_any_series_gives_a_finite_posterior(values, first):
    y = np.array([values])
    posterior = fit_people(y, weekdays(1, first, y.shape[1]), PRIOR)[0]
    json.dumps(posterior.to_json(), allow_nan=False)
    assert posterior.r > 0
    assert posterior.var_m > 0
    assert posterior.n_observed == np.isfinite(y).sum()


@settings(max_examples=8, deadline=None)
@given(shift=st.integers(-1000, 1000))
def test_shift_moves_the_mean_and_nothing_else(shift):
    here = fit_people(Y, WEEKDAY, PRIOR)
    there = fit_people(Y + shift, WEEKDAY, fit_prior(Y + shift, WEEKDAY))
    for one, other in zip(here, there, strict=True):
        assert other.mean == pytest.approx(one.mean + shift, rel=1e-6, abs=1e-6)
        assert other.level == pytest.approx(one.level, rel=1e-6, abs=1e-6)


@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(len(Y))))
def test_permuted_people_give_permuted_posteriors(order):
    here, there = fit_people(Y, WEEKDAY, PRIOR), fit_people(Y[order], WEEKDAY[order], PRIOR)
    for place, person in enumerate(order):
        alike(there[place], here[person])


@pytest.mark.parametrize("y", [np.full((1, 30), np.nan), np.empty((1, 0))], ids=["missing", "no days"])
def test_without_a_day_the_posterior_is_the_prior(y):
    posterior = fit_people(y, weekdays(1, 0, y.shape[1]), PRIOR)[0]
    assert posterior.mean == PRIOR.mean
    assert posterior.var_m == PRIOR.between_var
    assert posterior.weekday == PRIOR.weekday
    assert posterior.r + posterior.q / (1 - posterior.phi**2) == pytest.approx(PRIOR.within_var)
    assert posterior.innovation is None


def test_one_day_moves_the_mean_by_the_share_of_variance_between_people():
    y = np.where(np.arange(9) == 8, PRIOR.mean + 10 + PRIOR.weekday[1], np.nan)[None, :]
    posterior = fit_people(y, weekdays(1, 0, 9), PRIOR)[0]
    expected = 10 * PRIOR.between_var / (PRIOR.between_var + PRIOR.within_var + PRIOR.weekday_var)
    assert posterior.m == pytest.approx(expected, rel=0.05)


def test_nobody_gives_no_posterior():
    assert fit_people(np.empty((0, 30)), np.empty((0, 30), np.int64), PRIOR) == []


def test_json_round_trip_is_exact():
    for posterior in fit_people(Y, WEEKDAY, PRIOR):
        again = Posterior.from_json(json.loads(json.dumps(posterior.to_json(), allow_nan=False)))
        assert again == posterior
