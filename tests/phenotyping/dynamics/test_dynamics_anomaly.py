"""Surprise of the last observed day, and the plain band."""

import numpy as np
import pytest
from dynamics_people import people
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.dynamics.anomaly import baseline_band, surprise
from phenotyping.dynamics.person import assimilate, fit_people
from phenotyping.dynamics.prior import fit_prior

Y, WEEKDAY, _MEAN = people(200, 60, missing=0.1)
PRIOR = fit_prior(Y, WEEKDAY)


def test_surprises_of_ordinary_days_are_about_standard_normal():
    z = np.array([surprise(posterior) for posterior in fit_people(Y, WEEKDAY, PRIOR)])
    assert abs(z.mean()) < 0.25
    assert 0.8 < z.std() < 1.25


def test_an_unusual_day_surprises_until_the_next_observed_one():
    posterior = fit_people(Y, WEEKDAY, PRIOR)[0]
    odd = assimilate(posterior, posterior.mean - 60, 4, PRIOR)
    assert surprise(odd) < -4
    later = assimilate(odd, float("nan"), 5, PRIOR)
    assert (surprise(later), later.gap_days) == (surprise(odd), 1)


def test_no_day_is_no_surprise():
    assert np.isnan(surprise(fit_people(np.full((1, 5), np.nan), WEEKDAY[:1, :5], PRIOR)[0]))


def test_band_of_a_worked_example():
    assert baseline_band([1, 2, np.nan, 4, 100, np.inf]) == (3, 1.5)
    assert np.isnan(baseline_band([np.nan])).all()


@settings(deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1), shift=st.floats(-1e6, 1e6))
def test_band_moves_with_its_days(values, shift):
    median, mad = baseline_band(values)
    assert baseline_band(np.array(values) + shift) == pytest.approx((median + shift, mad), abs=1e-6)
