"""Scores of forecasts against worked numbers and numerical integration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from phenotyping.dynamics.score import coverage, crps_gaussian, lift, mase


@settings(max_examples=20, deadline=None)
@given(y=st.floats(-5, 5), mean=st.floats(-5, 5), sd=st.floats(0.2, 3))
def test_crps_is_the_integral_of_the_squared_distance(y, mean, sd):
    below = quad(lambda x: norm.cdf(x, mean, sd) ** 2, min(y, mean) - 12 * sd, y)[0]
    above = quad(lambda x: norm.sf(x, mean, sd) ** 2, y, max(y, mean) + 12 * sd)[0]
    assert crps_gaussian(y, mean, sd) == pytest.approx(below + above, abs=1e-5)


def test_crps_of_a_hit_is_a_quarter_of_sd():
    assert crps_gaussian(0.0, 0.0, 1.0) == pytest.approx(0.2336950, abs=1e-7)
    assert np.isnan(crps_gaussian(np.nan, 0.0, 1.0))


def test_mase_divides_by_the_weekly_naive_error():
    history = np.array([0, 0, 0, 0, 0, 0, 0, 2, np.nan, 4, 2, 4, 2, 4], float)
    assert mase([10, np.nan], [7, 0], history) == pytest.approx(3 / 3)
    assert np.isnan(mase([1], [1], np.zeros(14)))
    assert np.isnan(mase([1], [1], [1, 2]))


def test_coverage_skips_missing_days():
    assert coverage([1, 5, np.nan, 3], [0, 0, 0, 3], [2, 2, 2, 4]) == pytest.approx(2 / 3)
    assert np.isnan(coverage([np.nan], [0], [1]))


def test_lift_is_the_relative_gain():
    np.testing.assert_allclose(lift([9, 1, 1], [10, 0.5, 0]), [0.1, -1, np.nan])
