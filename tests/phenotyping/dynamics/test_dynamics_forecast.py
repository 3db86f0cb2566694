"""Forecasts: order, width, symmetry, poor series, and a back-test on people whose truth is known."""

import numpy as np
import pytest
from dynamics_people import people, weekdays
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.dynamics.forecast import forecast, forecast_people
from phenotyping.dynamics.person import assimilate, fit_people
from phenotyping.dynamics.prior import fit_prior, weak_prior
from phenotyping.dynamics.scale import scale_for
from phenotyping.dynamics.score import coverage

LINE = scale_for("identity", -np.inf, np.inf)
Y, WEEKDAY, MEAN = people(30, 70)
PRIOR = fit_prior(Y, WEEKDAY)
WEEK = np.arange(7)
SCALES = [scale_for("identity", 0, 100), scale_for("sqrt", 0, np.inf), scale_for("logit", 0, 100)]


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.name)
@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.one_of(st.just(np.nan), st.floats(0, 100)), max_size=40), level=st.floats(0.05, 0.99)
)
def test_any_series_gives_an_ordered_interval_of_some_width(scale, values, level):
    z = scale.forward(np.array([values]).reshape(1, -1))
    prior = fit_prior(z, weekdays(1, 0, z.shape[1]), weak_prior(scale, (0, 100)))
    made = forecast(fit_people(z, weekdays(1, 0, z.shape[1]), prior)[0], prior, scale, WEEK, level)
    assert (made.low <= made.mean).all()
    assert (made.mean <= made.high).all()
    assert (made.high - made.low > 0).all()
    assert np.isfinite([made.low, made.high]).all()
    assert made.low.min() >= scale.low
    assert made.high.max() <= scale.high


def test_a_constant_cohort_keeps_an_interval():
    y, scale = np.full((4, 40), 3.0), scale_for("identity", 0, 10)
    prior = fit_prior(y, weekdays(4, 0, 40), weak_prior(scale))
    made = forecast(fit_people(y, weekdays(4, 0, 40), prior)[0], prior, scale, WEEK)
    np.testing.assert_allclose(made.mean, 3, atol=0.2)
    assert (made.high - made.low > 0.01).all()


def test_a_constant_person_keeps_a_twentieth_of_the_usual_interval():
    made = forecast(fit_people(np.full((1, 70), 55.0), WEEKDAY[:1], PRIOR)[0], PRIOR, LINE, WEEK)
    usual = forecast(fit_people(Y, WEEKDAY, PRIOR)[0], PRIOR, LINE, WEEK)
    assert (made.high - made.low > 0.05 * (usual.high - usual.low)).all()
    np.testing.assert_allclose(made.mean, 55, atol=5)


def test_a_person_without_days_gets_a_wider_interval_than_a_known_one():
    known = forecast_people(fit_people(Y, WEEKDAY, PRIOR), PRIOR, LINE, np.tile(WEEK, (30, 1)))
    new = fit_people(np.full((1, 70), np.nan), WEEKDAY[:1], PRIOR)[0]
    made = forecast(new, PRIOR, LINE, WEEK)
    np.testing.assert_allclose(made.mean, PRIOR.mean + np.array(PRIOR.weekday))
    assert (made.high - made.low).mean() > np.mean([f.high - f.low for f in known])


def test_missing_days_only_move_the_origin():
    """Without days in the last week, the forecast after two empty days is the longer one of before."""
    y = Y[:1].copy()
    y[:, -8:] = np.nan
    before = fit_people(y, WEEKDAY[:1], PRIOR)[0]
    after = assimilate(assimilate(before, np.nan, 0, PRIOR), np.nan, 1, PRIOR)
    long = forecast(before, PRIOR, LINE, np.arange(7))
    short = forecast(after, PRIOR, LINE, np.arange(2, 7))
    np.testing.assert_allclose(short.mean, long.mean[2:], rtol=1e-10)


@settings(max_examples=8, deadline=None)
@given(shift=st.integers(-1000, 1000))
def test_shifted_days_give_a_shifted_forecast(shift):
    moved = fit_prior(Y + shift, WEEKDAY)
    here = forecast(fit_people(Y, WEEKDAY, PRIOR)[3], PRIOR, LINE, WEEK)
    there = forecast(fit_people(Y + shift, WEEKDAY, moved)[3], moved, LINE, WEEK)
    for name in ("mean", "low", "high"):
        np.testing.assert_allclose(getattr(there, name), getattr(here, name) + shift, rtol=1e-6, atol=1e-5)


def test_a_higher_level_never_narrows_the_interval():
    posterior = fit_people(Y, WEEKDAY, PRIOR)[5]
    made = [forecast(posterior, PRIOR, LINE, WEEK, level) for level in np.arange(0.05, 1, 0.05)]
    widths = np.array([f.high - f.low for f in made])
    assert (np.diff(widths, axis=0) >= -1e-12).all()


def test_one_person_is_forecast_as_in_the_batch():
    posteriors = fit_people(Y, WEEKDAY, PRIOR)
    batch = forecast_people(posteriors, PRIOR, LINE, np.tile(WEEK, (30, 1)))
    alone = forecast(posteriors[7], PRIOR, LINE, WEEK)
    np.testing.assert_allclose(alone.low, batch[7].low, rtol=1e-12)


@pytest.mark.parametrize("level", [0, 1, 1.5, np.nan])
def test_impossible_levels_are_refused(level):
    with pytest.raises(ValueError, match="level"):
        forecast(fit_people(Y, WEEKDAY, PRIOR)[0], PRIOR, LINE, WEEK, level)


def test_back_test_covers_and_beats_the_person_mean():
    y, weekday, _mean = people(120, 84, seed=11)
    inside, ours, plain = [], [], []
    for origin in range(28, 77, 7):
        prior = fit_prior(y[:, :origin], weekday[:, :origin])
        posteriors = fit_people(y[:, :origin], weekday[:, :origin], prior)
        made = forecast_people(posteriors, prior, LINE, weekday[:, origin : origin + 7])
        truth = y[:, origin : origin + 7]
        inside.append(coverage(truth, [f.low for f in made], [f.high for f in made]))
        ours.append(truth - np.array([f.mean for f in made]))
        plain.append(truth - np.nanmean(y[:, :origin], axis=1, keepdims=True))
    assert 0.74 <= np.mean(inside) <= 0.86
    assert np.nanmean(np.square(ours)) <= np.nanmean(np.square(plain))


def test_a_further_person_takes_fewer_lines_than_the_person_has_days(n_lines):
    """The grid, the filter and the forecast work on everybody's days at once."""
    y, weekday, _mean = people(300, 180)
    prior = fit_prior(y[:60], weekday[:60])

    def taken(n):
        def run():
            posteriors = fit_people(y[:n], weekday[:n], prior)
            forecast_people(posteriors, prior, LINE, weekday[:n, :7])

        return n_lines(run)

    assert taken(300) - taken(30) < 270 * 90
