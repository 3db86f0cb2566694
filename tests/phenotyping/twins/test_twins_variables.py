"""Every phenotype can be a variable, whatever little is known of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.dynamics.forecast import forecast
from phenotyping.dynamics.person import fit_people
from phenotyping.features.registry import REGISTRY
from phenotyping.twins.variables import HORIZON, LEVEL, TYPICAL, prior_of, scale_of


@pytest.mark.parametrize("variable", sorted(REGISTRY))
@pytest.mark.parametrize("n_days", [0, 1, 2])
def test_few_days_give_a_finite_forecast_within_the_possible(variable: str, n_days: int) -> None:
    phenotype = REGISTRY[variable]
    low, high = TYPICAL.get(variable, (phenotype.low, phenotype.high))
    y = np.full((1, n_days), (low + high) / 2)
    _check(variable, y)


@given(
    variable=st.sampled_from(sorted(REGISTRY)),
    shares=st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=12),
)
@settings(max_examples=40, deadline=None)
def test_any_possible_days_give_a_finite_forecast(variable: str, shares: list[float | None]) -> None:
    low, high = REGISTRY[variable].low, REGISTRY[variable].high
    y = np.array([[np.nan if share is None else low + share * (high - low) for share in shares]])
    _check(variable, y)


def test_typical_ranges_are_of_known_phenotypes_and_possible() -> None:
    for name, (low, high) in TYPICAL.items():
        assert REGISTRY[name].low <= low < high <= REGISTRY[name].high


def _check(variable: str, y: np.ndarray) -> None:
    scale = scale_of(variable)
    weekday = np.arange(y.shape[1])[None, :] % 7
    prior = prior_of(variable, y, weekday)
    posterior = fit_people(scale.forward(y), weekday, prior)[0]
    week = forecast(posterior, prior, scale, np.arange(HORIZON), LEVEL)
    assert np.isfinite([week.low, week.mean, week.high]).all()
    assert (scale.low <= week.low).all()
    assert (week.low <= week.mean).all()
    assert (week.mean <= week.high).all()
    assert (week.high <= scale.high).all()
