"""Estimators against two published synthetic trials (GPL-3: read from REFERENCE_DATA, never shipped)."""

import os
from pathlib import Path

import numpy as np
import pytest

from coach.trials.emee import emee
from coach.trials.inference import contrast, joint_test
from coach.trials.wcls import wcls

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(
        "REFERENCE_DATA" not in os.environ, reason="REFERENCE_DATA is not set: mrt_synthetic checks skipped"
    ),
]
close = pytest.approx


def read(name):
    path = Path(os.environ["REFERENCE_DATA"]) / "mrt_synthetic" / name
    if not path.exists():
        pytest.skip(f"REFERENCE_DATA has no mrt_synthetic/{name}")
    return np.genfromtxt(path, delimiter=",", names=True)


@pytest.fixture(scope="module")
def steps():
    return read("data_mimicHeartSteps.csv")


def effect(data, *controls, numerator=0.6, moderators=()):
    ones = np.ones(len(data))
    return wcls(
        data["logstep_30min"],
        data["intervention"],
        data["rand_prob"],
        numerator,
        available=data["avail"],
        cluster=data["userid"],
        moderators=np.column_stack([ones, *(data[name] for name in moderators)]),
        controls=np.column_stack([ones, *(data[name] for name in controls)]),
    )


def test_marginal_effect_of_a_suggestion(steps):
    fit = effect(steps, "logstep_pre30min")
    mean = contrast(fit, [1])
    assert fit.theta == close([2.0115176, 0.3395683, 0.1574444], abs=1e-6)
    assert (mean.se, fit.se_raw[0]) == close((0.062221, 0.060518), abs=1e-6)
    assert (mean.low, mean.high, mean.p) == close((0.030997, 0.283892, 0.01619), abs=1e-5)
    assert (joint_test(fit).t2, fit.df) == (close(6.403028, abs=1e-5), 34)


def test_effect_with_a_lagged_control(steps):
    mean = contrast(effect(steps, "logstep_pre30min", "logstep_30min_lag1"), [1])
    assert (mean.estimate, mean.se, mean.p, mean.df) == (
        close(0.161425, abs=1e-6),
        close(0.060686, abs=1e-6),
        close(0.011966, abs=1e-5),
        33,
    )


def test_effect_by_day(steps):
    fit = effect(steps, "logstep_pre30min", "day_in_study", moderators=("day_in_study",))
    assert fit.beta == close([0.648601, -0.02374], abs=1e-6) and fit.se == close(
        [0.107074, 0.004443], abs=1e-6
    )
    joint = joint_test(fit)
    assert (joint.t2, fit.df) == (close(37.198949, abs=1e-5), 32) and joint.p == close(5.687656e-06, rel=1e-4)
    for day, estimate, low, high in (
        (0, 0.6486, 0.4305, 0.8667),
        (28, -0.0161, -0.1638, 0.1315),
        (41, -0.3247, -0.556, -0.0935),
    ):
        at = contrast(fit, [1, day])
        assert (at.estimate, at.low, at.high) == close((estimate, low, high), abs=6e-5)


def test_a_sum_of_effects_differs_from_the_common_r_package(steps):
    controls = ("logstep_pre30min", "logstep_30min_lag1", "is_at_home_or_work")
    fit = effect(steps, *controls, numerator=0.5, moderators=("is_at_home_or_work",))
    assert fit.beta == close([0.10924, 0.13479], abs=6e-6) and fit.se == close([0.06767, 0.14751], abs=6e-6)
    total = contrast(fit, [1, 1])
    assert (total.estimate, total.low, total.high) == close((0.24404, -0.0129, 0.50097), abs=6e-5)
    assert total.p == close(0.06189, abs=6e-6)
    assert (
        abs(total.low - 0.0846) > 0.09 and abs(total.p - 0.00187) > 0.05
    )  # MRTAnalysis 0.3.1, see coach.md 6.4


def test_relative_risk():
    data = read("data_binary.csv")
    ones = np.ones(len(data))
    trial = (data["Y"], data["A"], data["rand_prob"], 0.5)
    controls = np.column_stack([ones, data["time_var1"], data["time_var2"]])
    shared = {"available": data["avail"], "controls": controls, "cluster": data["userid"]}
    mean = contrast(emee(*trial, moderators=ones, **shared), [1])
    assert (mean.estimate, mean.se, mean.df) == (close(0.340563, abs=1e-6), close(0.050019, abs=1e-6), 96)
    assert (mean.low, mean.high) == close((0.241275, 0.43985), abs=1e-5)
    by_time = emee(*trial, moderators=controls[:, :2], **shared)
    assert by_time.beta == close([0.08114495, 0.42931332], abs=1e-7)
    assert by_time.se_raw == close([0.1301265, 0.1882975], abs=1e-6)
    assert by_time.se == close([0.1316436, 0.1905454], abs=1e-6)
