"""Spreading a budget of sends."""

import math

import numpy as np
import pytest

from coach.policies.budget import spread_probability


def test_worked_example():
    # weights of the past: .9^2, .9^1; spent = .81*1 + .19*.2 + .9*0 + .1*.25
    assert spread_probability(1.5, [1, 0], [0.2, 0.25], remaining=4, decay=0.9) == pytest.approx(
        (1.5 - 0.873) / 4
    )


def test_bounds_hold_when_the_budget_is_spent_or_time_runs_out():
    assert spread_probability(1, [1, 1], [0.5, 0.5], remaining=5, decay=1) == 0.005
    assert spread_probability(3, [], [], remaining=0, decay=1) == 0.995


def test_a_block_gets_its_budget_on_average():
    rng = np.random.default_rng(5)
    totals = []
    for _ in range(400):
        actions, probs = [], []
        for point in range(12):
            probs.append(spread_probability(1.5, actions, probs, remaining=12 - point, decay=0.5))
            actions.append(int(rng.random() < probs[-1]))
        totals.append(sum(actions))
    assert np.mean(totals) == pytest.approx(1.5, abs=0.15)


@pytest.mark.parametrize(
    "change",
    [{"actions": [1]}, {"target": math.nan}, {"remaining": math.inf}, {"decay": 1.5}, {"decay": math.nan}],
)
def test_impossible_input_is_refused(change):
    given = {"target": 1.0, "actions": [], "probs": [], "remaining": 3.0, "decay": 0.9} | change
    with pytest.raises(ValueError, match="past|finite"):
        spread_probability(**given)
