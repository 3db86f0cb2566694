"""What the participant is told."""

from datetime import time

import pytest

from coach.rules.sentence import explain


def test_the_example_of_the_reference(judge, reading, registry, offer_if):
    verdict = judge(offer_if, steps_30m=reading(40, unit="steps"), location=reading("home"))
    assert explain(verdict, registry) == (
        "Offered because steps in the last 30 minutes were 40, below 150 and your place was home; "
        "weather is not known."
    )


def test_a_refusal_names_only_what_it_rests_on(judge, reading, registry, offer_if):
    verdict = judge(
        offer_if, steps_30m=reading(1_400, unit="steps"), location=reading("home"), weather=reading("rain")
    )
    assert explain(verdict, registry) == (
        "Not offered because steps in the last 30 minutes were 1,400, not below 150."
    )


def test_an_undecided_rule_and_what_was_done_about_it(judge, reading, registry, offer_if):
    readings = {
        "steps_30m": reading(40, unit="steps", age_min=29),
        "location": reading("other", consented=False),
    }
    verdict = judge(offer_if, readings)
    gaps = (
        "steps in the last 30 minutes are not known recently enough, your place is not shared "
        "and weather is not known."
    )
    assert explain(verdict, registry) == f"Not offered because {gaps}"
    assert explain(verdict, registry, offered=True) == f"Offered although {gaps}"


@pytest.mark.parametrize(
    "case",
    [
        (
            {"var": "temperature", "op": "between", "value": [5, 20.5]},
            12.25,
            "the temperature was 12.25 °C, between 5 °C and 20.5 °C",
        ),
        ({"var": "location", "op": "!=", "value": "work"}, "home", "your place was home, not work"),
        (
            {"not": {"var": "location", "op": "in", "value": ["home", "work"]}},
            "other",
            "your place was other, not home or work",
        ),
        ({"var": "driving", "op": "==", "value": False}, False, "driving was not true"),
        ({"not": {"var": "driving", "op": "!=", "value": True}}, True, "driving was true"),
    ],
)
def test_facts_of_every_kind(judge, reading, registry, case):
    rule, value, fact = case
    name = rule.get("not", rule)["var"]
    verdict = judge(rule, {name: reading(value, unit=registry[name].unit)})
    assert explain(verdict, registry) == f"Offered because {fact}."


def test_facts_about_two_variables_and_the_clock(judge, reading, registry):
    rule = {
        "all": [
            {"var": "steps_30m", "op": "<=", "var2": "step_goal"},
            {"var": "location", "op": "!=", "var2": "weather"},
            {"var": "local_time", "op": "within_time", "value": ["07:00", "22:00"]},
        ]
    }
    known = {"steps_30m": reading(40, unit="steps"), "step_goal": reading(500, unit="steps")}
    known |= {"location": reading("home"), "weather": reading("rain")}
    assert explain(judge(rule, known, at=time(8, 30)), registry) == (
        "Offered because steps in the last 30 minutes were 40, at most your step goal (500), "
        "your place was home, not the same as weather (rain) and it was 08:30, between 07:00 and 22:00."
    )
