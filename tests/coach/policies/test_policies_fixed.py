"""Probabilities of a micro-randomised trial."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.policies.fixed import FixedPolicy
from coach.policies.policy import from_json

SPEC = {"type": "mrt", "probs": {"walk": 0.3, "stand": 0.3}}
STRATA = SPEC | {"stratum": "location", "table": {"home": {"walk": 0.5, "stand": 0.1}}, "pmin": 0.1}


def test_the_rest_goes_to_none():
    probs = from_json(SPEC).probabilities(["none", "walk", "stand"], {})
    assert list(probs) == ["stand", "walk", "none"] and probs == {"walk": 0.3, "stand": 0.3, "none": 0.4}


def test_an_arm_that_is_not_offered_leaves_the_others_alone():
    probs = from_json(SPEC).probabilities(["walk"], {})
    assert probs == {"walk": 0.3, "none": 0.7}


@given(st.lists(st.floats(0.05, 0.3), min_size=1, max_size=3), st.data())
def test_probabilities_stay_in_bounds_and_sum_to_one(values, data):
    policy = FixedPolicy({f"arm{i}": value for i, value in enumerate(values)}, pmin=0.05, pmax=0.3)
    offered = data.draw(st.lists(st.sampled_from(sorted(policy.probs)), min_size=1, unique=True))
    probs = policy.probabilities(offered, {})
    assert set(probs) == {*offered, "none"} and math.fsum(probs.values()) == pytest.approx(1, abs=1e-15)
    assert all(0.05 <= probs[arm] <= 0.3 for arm in offered) and probs["none"] >= 0.05


@pytest.mark.parametrize(
    ("context", "walk"),
    [({"location": "home"}, 0.5), ({"location": "work"}, 0.3), ({}, 0.3), ({"location": None}, 0.3)],
)
def test_strata(context, walk):
    assert from_json(STRATA).probabilities(["walk", "stand"], context)["walk"] == walk


def test_flags_are_strata_too():
    policy = from_json(SPEC | {"stratum": "weekend", "table": {"true": {"walk": 0.6, "stand": 0.2}}})
    assert policy.probabilities(["walk"], {"weekend": True})["walk"] == 0.6
    assert policy.probabilities(["walk"], {"weekend": False})["walk"] == 0.3


@pytest.mark.parametrize("spec", [SPEC, STRATA])
def test_a_policy_survives_storage_with_its_digest(spec):
    policy = from_json(spec)
    again = from_json(json.loads(json.dumps(policy.to_json(), sort_keys=True)))
    assert again == policy and again.digest == policy.digest
    assert from_json(SPEC).digest != from_json(STRATA).digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "bandit"}, "mrt"),
        ({"probs": {"walk": 0.6, "stand": 0.4}}, "leave less"),
        ({"probs": {"walk": 0.01}}, "outside"),
        ({"probs": {"walk": float("nan")}}, "outside"),
        ({"probs": {"none": 0.4}}, "names its arms"),
        ({"probs": {}}, "names its arms"),
        ({"probs": [0.3]}, "for each arm"),
        ({"probs": {"walk": "0.3"}}, "not a number"),
        ({"probs": {"walk": True}}, "not a number"),
        ({"pmin": 0}, "pmin"),
        ({"pmax": 1}, "pmax"),
        ({"seed": 3}, "no seed"),
        ({"stratum": "location"}, "together"),
        ({"stratum": "location", "table": {}}, "at least one"),
        ({"stratum": "location", "table": {"home": {"walk": 0.3}}}, "differ"),
        ({"stratum": 3, "table": {"home": {"walk": 0.3, "stand": 0.3}}}, "not a name"),
    ],
)
def test_a_specification_that_cannot_be_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        from_json(SPEC | change)


def test_unknown_missing_or_repeated_options_are_refused():
    policy = from_json(SPEC)
    for options, error in ((["run"], KeyError), (["none"], ValueError), (["walk", "walk"], ValueError)):
        with pytest.raises(error):
            policy.probabilities(options, {})
