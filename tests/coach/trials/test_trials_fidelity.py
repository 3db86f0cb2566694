"""Checks that a trial was run as designed."""

import math

import numpy as np
import pytest

from coach.trials.fidelity import availability, coin_fairness, draws_uniform, missing_by_option


def test_fairness_of_a_worked_example():
    fairness = coin_fairness([1, 1, 0, 1], [0.5, 0.5, 0.2, 0.2])
    # three sends where 1.4 were expected, with variance twice .25 and twice .16
    assert fairness.z == pytest.approx(1.6 / 0.82**0.5) and (fairness.n, fairness.observed) == (4, 3)
    assert fairness.expected == pytest.approx(1.4) and fairness.p == pytest.approx(
        math.erfc(fairness.z / 2**0.5)
    )


def test_a_fair_coin_passes_and_a_bent_one_does_not():
    rng = np.random.default_rng(3)
    p = rng.uniform(0.2, 0.8, 5_000)
    u = rng.random(5_000)
    assert coin_fairness(u < p, p).p > 0.01 and draws_uniform(u) > 0.01
    assert coin_fairness(u < p + 0.05, p).p < 1e-6 and draws_uniform(u**1.2) < 1e-6


def test_an_empty_log_accuses_nobody():
    assert coin_fairness([], []).p == 1 and draws_uniform([]) == 1 and availability([]).rate is None


@pytest.mark.parametrize(("a", "p"), [([1], [1.0]), ([0], [np.nan]), ([2], [0.5]), ([1, 0], [0.5])])
def test_impossible_logs_are_refused(a, p):
    with pytest.raises(ValueError, match="action"):
        coin_fairness(a, p)


def test_availability_counts_every_reason():
    seen = availability([[], ["quiet", "budget"], ["quiet", "quiet"], []])
    assert (seen.n, seen.n_available, seen.rate) == (4, 2, 0.5)
    assert seen.reasons == {"budget": 1, "quiet": 2}


def test_missing_outcomes_by_option():
    shares = missing_by_option(["walk", "none", "walk", "none"], [True, True, False, True])
    assert shares == {"none": 0.0, "walk": 0.5}
