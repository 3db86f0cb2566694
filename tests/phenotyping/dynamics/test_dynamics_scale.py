"""Scales and their inverses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.dynamics.scale import Scale, scale_for

SCALES = [scale_for("identity", 0, 10), scale_for("sqrt", 0, np.inf), scale_for("logit", 0, 1440)]
either = pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.name)


@either
@settings(deadline=None)
@given(share=st.floats(0, 1))
def test_inverse_undoes_forward(scale: Scale, share):
    y = share * min(scale.high, 20_000)
    assert scale.inverse(scale.forward(y)) == pytest.approx(y, abs=1e-9)


@either
@settings(deadline=None)
@given(z=st.lists(st.floats(-50, 50), min_size=2, max_size=2))
def test_inverse_rises_and_stays_within_bounds(scale: Scale, z):
    low, high = scale.inverse(sorted(z))
    assert scale.low <= low <= high <= scale.high


@either
def test_missing_stays_missing(scale: Scale):
    assert np.isnan(scale.forward(np.nan))
    assert np.isnan(scale.inverse(np.nan))


def test_a_worked_example():
    assert scale_for("sqrt", 0, np.inf).forward(400.0) == 20
    assert scale_for("logit", 0, 1).forward(0.5) == 0
    assert scale_for("logit", 0, 1).inverse(np.inf) == 1
    assert scale_for("identity", 0, 10).forward([-1, 4, 12]).tolist() == [0, 4, 10]


def test_expected_of_a_square_is_the_square_plus_the_variance():
    mean = scale_for("sqrt", 0, np.inf).expected(np.array([20.0]), np.array([3.0]))
    assert mean[0] == pytest.approx(409)


@pytest.mark.parametrize(
    "wrong",
    [("cube", 0, 1), ("identity", 1, 1), ("sqrt", -np.inf, 1), ("logit", 0, np.inf), ("logit", 0, np.nan)],
)
def test_bounds_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError):  # noqa: PT011
        scale_for(*wrong)


@either
def test_json_round_trip(scale: Scale):
    assert Scale.from_json(scale.to_json()) == scale
