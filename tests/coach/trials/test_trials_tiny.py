"""Estimators against the golden numbers of `tiny` (coach.md 7; computed twice, independently, in numpy)."""

import json

import numpy as np
import pytest

from coach.trials.emee import emee
from coach.trials.inference import contrast, joint_test
from coach.trials.wcls import wcls, wcls_arms

close = pytest.approx


def test_the_trial_is_the_one_the_numbers_belong_to(tiny):
    assert (len(tiny.y), tiny.available.sum(), tiny.a.sum(), tiny.h.sum()) == (120, 100, 50, 470)
    assert tiny.y.sum() == close(233.39) and tiny.yb.mean() == close(0.475)
    assert np.bincount(tiny.a3[tiny.available]).tolist() == [35, 43, 22]


def test_marginal_effect(tiny, marginal):
    fit = wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal)
    effect = contrast(fit, [1])
    assert fit.theta == close([1.9492777344, 0.0803488994, 0.447297787], abs=1e-9)
    assert (fit.se_raw[0], fit.se[0], fit.df) == (
        close(0.0681337423, abs=1e-9),
        close(0.0765004929, abs=1e-9),
        9,
    )
    assert (effect.low, effect.high) == close((0.2742416489, 0.620353925), abs=1e-9)
    assert effect.p == close(0.0002446744, abs=1e-9) and joint_test(fit).t2 == close(34.1873180097)


def by_time(tiny):
    moderators = np.column_stack([tiny.ones, tiny.t])
    controls = np.column_stack([tiny.ones, tiny.s, tiny.t])
    return wcls(
        tiny.y,
        tiny.a,
        tiny.p,
        0.5,
        available=tiny.available,
        moderators=moderators,
        controls=controls,
        cluster=tiny.person,
    )


def test_effect_by_time(tiny):
    fit = by_time(tiny)
    slope = contrast(fit, [0, 1])
    assert fit.alpha == close([1.929790027, 0.080532902, 0.0098553373], abs=1e-9)
    assert fit.beta == close([0.7060517848, -0.0621317786], abs=1e-9)
    assert fit.se_raw == close([0.1138400797, 0.0330614086], abs=1e-9)
    assert fit.se == close([0.1292377077, 0.0385841648], abs=1e-9)
    assert (slope.low, slope.high, slope.p) == close((-0.1533688304, 0.0291052733, 0.1513693733), abs=1e-8)


def test_a_combination_is_a_t_test_however_many_weights_it_has(tiny):
    late = contrast(by_time(tiny), [1, 9])
    assert (late.estimate, late.se, late.df) == (close(0.1468657776), close(0.2379000462), 7)
    assert (late.low, late.high) == close((-0.415678441, 0.7094099962), abs=1e-8)
    assert late.p == close(0.5565493545, abs=1e-8)
    joint = joint_test(by_time(tiny))
    assert (joint.t2, joint.p) == (close(86.6772151854), close(0.00017537019757, abs=1e-10))
    assert (joint.df1, joint.df2) == (2, 7)


def test_effect_with_the_logged_probability_as_numerator(tiny, marginal):
    fit = wcls(tiny.y, tiny.a, tiny.p, tiny.p, **marginal)
    assert fit.theta == close([1.9254286022, 0.0600291219, 0.4652415771], abs=1e-9)
    assert fit.se[0] == close(0.0793931229, abs=1e-9)


def test_three_options(tiny, marginal):
    probs = np.tile([0.4, 0.3, 0.3], (120, 1))
    fit = wcls_arms(tiny.y3, tiny.a3, probs, [0.4, 0.3, 0.3], **marginal)
    assert fit.theta == close([1.8882203039, 0.0945645049, 0.4893075038, -0.1988634874], abs=1e-9)
    assert np.sqrt(np.diag(fit.cov_theta)) == close(
        [0.1021292196, 0.1029190533, 0.08097959, 0.1098391493], abs=1e-9
    )
    difference = contrast(fit, [1, -1])
    assert (difference.estimate, difference.se) == close((0.6881709912, 0.1310531654), abs=1e-9)
    assert (difference.p, fit.df) == (close(0.0007728184, abs=1e-9), 8)


def test_relative_risk(tiny, marginal):
    fit = emee(tiny.yb, tiny.a, tiny.p, 0.5, **marginal)
    effect = contrast(fit, [1])
    assert fit.alpha == close([-0.6462058479, -0.1502889914], abs=1e-8)
    assert (fit.beta[0], fit.se_raw[0], fit.se[0]) == close(
        (-0.0988933192, 0.2171130728, 0.2367821523), abs=1e-8
    )
    assert (effect.low, effect.high, effect.p) == close((-0.634531761, 0.4367451226, 0.685986851), abs=1e-8)


def test_a_fit_has_a_plain_form(tiny, marginal):
    fit = wcls(tiny.y, tiny.a, tiny.p, 0.5, **marginal)
    stored = json.loads(json.dumps(fit.to_json()))
    assert stored["theta"] == fit.theta.tolist() and stored["n_people"] == 12
