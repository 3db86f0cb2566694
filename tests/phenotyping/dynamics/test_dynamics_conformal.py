"""Conformal quantiles: a worked example, few scores, flat scores."""

import numpy as np
import pytest
from scipy.stats import norm

from phenotyping.dynamics.conformal import KEPT, cohort_quantile, group_of, own_quantile, weak_scores


def test_twenty_or_more_own_scores_stand_alone():
    scores = np.arange(1, 25)[None, :] / 12
    assert own_quantile(scores, 1.6, 0.8)[0] == pytest.approx(20 / 12)  # (24 + 1) x .8 = 20th


def test_few_own_scores_are_blended_with_the_cohorts():
    scores = np.full((1, KEPT), np.nan)
    scores[0, :9] = np.arange(1, 10) / 4
    assert own_quantile(scores, 1.2, 0.8)[0] == pytest.approx(9 / 20 * 8 / 4 + 11 / 20 * 1.2)


def test_no_own_scores_give_the_cohorts_quantile():
    assert own_quantile(np.full((1, KEPT), np.nan), 1.3, 0.8)[0] == 1.3


@pytest.mark.parametrize(("value", "expected"), [(0.0, 0.65), (50.0, 2.6)])
def test_own_scores_move_the_width_by_at_most_a_factor_of_two(value, expected):
    assert own_quantile(np.full((1, 30), value), 1.3, 0.8)[0] == pytest.approx(expected)


def test_a_level_beyond_the_table_grows_like_a_gaussian():
    inside, beyond = (cohort_quantile(weak_scores(1.0), level) for level in (0.99, 0.999))
    assert inside == pytest.approx(norm.ppf(0.995))
    assert beyond == pytest.approx(norm.ppf(0.9995))


def test_days_beyond_a_week_use_the_last_group():
    assert [group_of(h) for h in (1, 2, 3, 4, 7, 30)] == [0, 1, 1, 2, 2, 2]


def test_exchangeable_scores_are_covered_on_average():
    rng = np.random.default_rng(8)
    past, coming = np.abs(rng.standard_normal((4000, 40))), np.abs(rng.standard_normal(4000))
    assert np.mean(coming <= own_quantile(past, 1.28, 0.8)) == pytest.approx(0.8, abs=0.015)
