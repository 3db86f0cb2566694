"""A small registry, the rule of coach.md 4 and readings to evaluate them on."""

from datetime import time

import pytest

from coach.rules.evaluate import evaluate
from coach.rules.tree import parse
from coach.rules.variables import Reading, Variable

NOW_US = 1_800_000_000_000_000
PLACES = ("home", "work", "other")


@pytest.fixture(scope="session")
def registry():
    variables = (
        Variable(
            "steps_30m",
            "number",
            "steps",
            0,
            10_000,
            max_age_min=30,
            streams=("steps",),
            label="steps in the last 30 minutes",
            plural=True,
            min_coverage=0.5,
        ),
        Variable("step_goal", "number", "steps", 0, 50_000, label="your step goal"),
        Variable("temperature", "number", "°C", max_age_min=180, label="the temperature"),
        Variable("location", "word", words=PLACES, max_age_min=60, streams=("gps",), label="your place"),
        Variable("weather", "word", max_age_min=180, label="weather"),
        Variable("driving", "flag", max_age_min=10, label="driving"),
    )
    return {variable.name: variable for variable in variables}


@pytest.fixture(scope="session")
def offer_if():
    return {
        "all": [
            {"var": "steps_30m", "op": "<", "value": 150, "max_age_min": 15},
            {
                "any": [
                    {"var": "location", "op": "in", "value": ["home", "work"]},
                    {"var": "weather", "op": "==", "value": "outdoor"},
                ]
            },
        ]
    }


@pytest.fixture(scope="session")
def reading():
    """A reading that may be used: `reading(40, unit="steps", age_min=5)`."""

    def make(value, *, unit="", age_min=5.0, coverage=1.0, consented=True):
        return Reading(value, NOW_US - int(age_min * 60_000_000), coverage, consented, unit)

    return make


@pytest.fixture(scope="session")
def judge(registry):
    """The verdict of a rule in JSON on readings by name."""

    def judge_(rule, readings=None, *, at=time(12, 0), **more):
        return evaluate(parse(rule, registry), (readings or {}) | more, now_us=NOW_US, local_time=at)

    return judge_
