"""What a rule decides on what is known."""

import itertools
import json
from datetime import UTC, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.rules.evaluate import Verdict, evaluate
from coach.rules.logic import all_of, any_of, not_of
from coach.rules.tree import parse, parse_published
from coach.rules.variables import Reading, Variable
from wellness.lib.canonical import canonical

NOW_US = 1_800_000_000_000_000
truths = st.sampled_from([True, False, None])
FLAGS = {f"f{i}": Variable(f"f{i}", "flag", max_age_min=10) for i in range(4)}


def test_kleene_truth_table():
    order = {False: 0, None: 1, True: 2}
    for a, b in itertools.product(order, repeat=2):
        assert all_of([a, b]) is min(a, b, key=order.get)
        assert any_of([a, b]) is max(a, b, key=order.get)
    assert [not_of(truth) for truth in (True, None, False)] == [False, None, True]


@given(st.lists(truths, min_size=1, max_size=5))
def test_de_morgan_and_double_negation(values):
    assert not_of(all_of(values)) is any_of(not_of(value) for value in values)
    assert all(not_of(not_of(value)) is value for value in values)


trees = st.recursive(
    st.sampled_from(sorted(FLAGS)).map(lambda name: {"var": name, "op": "==", "value": True}),
    lambda below: st.one_of(
        below.map(lambda child: {"not": child}),
        st.lists(below, min_size=1, max_size=3).map(lambda many: {"all": many}),
        st.lists(below, min_size=1, max_size=3).map(lambda many: {"any": many}),
    ),
    max_leaves=8,
)
states = st.fixed_dictionaries({name: truths for name in FLAGS})


def run(rule, state, drop_unknown=False):
    readings = {
        name: Reading(value, NOW_US, 1.0, True)
        for name, value in state.items()
        if value is not None or not drop_unknown
    }
    return evaluate(parse_published(rule, FLAGS), readings, now_us=NOW_US, local_time=time(12))


def two_valued(rule, state):
    if "var" in rule:
        return state[rule["var"]]
    if "not" in rule:
        return not two_valued(rule["not"], state)
    return (all if "all" in rule else any)(
        two_valued(child, state) for child in rule.get("all", rule.get("any"))
    )


@given(trees, states)
def test_what_is_decided_stays_so_whatever_the_unknown_turn_out_to_be(rule, state):
    verdict = run(rule, state)
    unknown = [name for name, value in state.items() if value is None]
    outcomes = {
        two_valued(rule, state | dict(zip(unknown, values, strict=True)))
        for values in itertools.product([True, False], repeat=len(unknown))
    }
    if verdict.truth is not None:
        assert outcomes == {verdict.truth}
    if not unknown:
        assert {verdict.truth} == outcomes


@given(trees, states)
def test_negation_turns_the_verdict_and_keeps_the_evidence(rule, state):
    plain, turned = run(rule, state), run({"not": rule}, state)
    assert turned.truth is not_of(plain.truth) and turned.missing == plain.missing
    assert [r.decisive for r in turned.trace] == [r.decisive for r in plain.trace]


@given(trees, states)
def test_decisive_leaves_alone_give_the_same_truth(rule, state):
    verdict = run(rule, state, drop_unknown=True)
    used = {record.var for record in verdict.trace if record.decisive}
    assert used
    assert run(rule, {name: v if name in used else None for name, v in state.items()}).truth is verdict.truth


@given(trees, states)
def test_a_verdict_replays_from_its_stored_inputs(rule, state):
    readings = {name: Reading(value, NOW_US - 5, 0.5, True) for name, value in state.items()}
    stored = json.loads(canonical({name: reading.to_json() for name, reading in readings.items()}))
    again = {name: Reading.from_json(reading) for name, reading in stored.items()}
    tree = parse_published(rule, FLAGS)
    first, second = (evaluate(tree, r, now_us=NOW_US, local_time=time(12)) for r in (readings, again))
    assert canonical(first.to_json()) == canonical(second.to_json())
    assert Verdict.from_json(json.loads(canonical(first.to_json()))) == first


def test_the_example_of_the_reference(judge, reading, offer_if):
    verdict = judge(offer_if, steps_30m=reading(40, unit="steps"), location=reading("home"))
    assert verdict.truth is True and verdict.step("skip") == "offer"
    steps, place, weather = (record for record in verdict.trace)
    assert (steps.path, steps.value, steps.age_s, steps.op, steps.operand) == ("/all/0", 40, 300, "<", 150)
    assert (place.truth, place.operand, place.decisive) == ("true", ["home", "work"], True)
    assert (weather.truth, weather.why, weather.decisive) == ("unknown", {"weather": "absent"}, False)


@pytest.mark.parametrize(
    ("on_unknown", "step"), [("skip", "skip"), ("fallback", "fallback"), ("treat_false", "decline")]
)
def test_an_undecided_rule_names_what_is_missing(judge, reading, offer_if, on_unknown, step):
    verdict = judge(offer_if, steps_30m=reading(40, unit="steps"), location=reading("other"))
    assert verdict.truth is None and verdict.missing == ("weather",)
    assert verdict.step(on_unknown) == step
    busy = judge(offer_if, steps_30m=reading(900, unit="steps"))
    assert busy.truth is False and busy.missing == () and busy.step(on_unknown) == "decline"


FEW = {"var": "steps_30m", "op": "<", "value": 150}


@pytest.mark.parametrize(
    ("value", "change", "why"),
    [
        (40, {}, None),
        (40.0, {"age_min": 30}, None),
        (40, {"age_min": -5}, None),
        (None, {}, "absent"),
        (40, {"consented": False}, "no_consent"),
        ("40", {}, "wrong_type"),
        (True, {}, "wrong_type"),
        (float("nan"), {}, "wrong_type"),
        (float("inf"), {}, "wrong_type"),
        (40, {"unit": "m"}, "wrong_unit"),
        (-1, {}, "out_of_range"),
        (40, {"coverage": 0.49}, "low_coverage"),
        (40, {"coverage": None}, "low_coverage"),
        (40, {"coverage": float("nan")}, "low_coverage"),
        (40, {"age_min": 30.1}, "too_old"),
        (40, {"age_min": -5.1}, "in_future"),
    ],
)
def test_a_reading_that_may_not_be_used_is_unknown(judge, reading, value, change, why):
    verdict = judge(FEW, steps_30m=reading(value, **{"unit": "steps"} | change))
    (record,) = verdict.trace
    assert verdict.truth is (True if why is None else None)
    assert record.why == ({} if why is None else {"steps_30m": why})
    assert canonical(verdict.to_json())


def test_words_and_flags_of_the_wrong_kind_are_unknown(judge, reading):
    at_home = {"var": "location", "op": "==", "value": "home"}
    assert judge(at_home, location=reading("gym")).trace[0].why == {"location": "out_of_range"}
    assert judge(at_home, location=reading(True)).trace[0].why == {"location": "wrong_type"}
    driving = {"var": "driving", "op": "==", "value": True}
    assert judge(driving, driving=reading(1)).trace[0].why == {"driving": "wrong_type"}


def test_without_consent_the_value_does_not_reach_the_trace(judge, reading):
    verdict = judge(
        {"var": "location", "op": "==", "value": "home"}, location=reading("work", consented=False)
    )
    assert (verdict.trace[0].value, verdict.trace[0].age_s) == (None, None)
    assert "work" not in json.dumps(verdict.to_json())


def test_a_leaf_may_ask_for_fresher_data_than_the_registry(judge, reading):
    strict = {**FEW, "max_age_min": 15}
    assert judge(strict, steps_30m=reading(40, unit="steps", age_min=16)).trace[0].why == {
        "steps_30m": "too_old"
    }


def test_a_variable_without_time_is_known_only_if_it_never_ages(judge, registry):
    rule = {"var": "steps_30m", "op": "<", "var2": "step_goal"}
    goal = Reading(8_000, None, None, True, "steps")
    fresh = judge(rule, steps_30m=Reading(40, NOW_US, 1.0, True, "steps"), step_goal=goal)
    assert fresh.truth is True and fresh.trace[0].operand == {
        "var": "step_goal",
        "value": 8_000,
        "age_s": None,
    }
    timeless = judge(rule, steps_30m=Reading(40, None, 1.0, True, "steps"))
    assert timeless.trace[0].why == {"steps_30m": "no_time", "step_goal": "absent"}
    assert timeless.missing == ("steps_30m", "step_goal")


@pytest.mark.parametrize(
    ("bounds", "wall", "inside"),
    [
        (["09:00", "17:00"], time(9), True),
        (["09:00", "17:00"], time(17), False),
        (["22:00", "07:00"], time(23, 59, 59), True),
        (["22:00", "07:00"], time(0), True),
        (["22:00", "07:00"], time(7), False),
        (["22:00", "07:00"], time(12, tzinfo=UTC), False),
    ],
)
def test_times_are_half_open_and_may_wrap_midnight(judge, bounds, wall, inside):
    verdict = judge({"var": "local_time", "op": "within_time", "value": bounds}, at=wall)
    assert verdict.truth is inside and verdict.trace[0].operand == bounds


@pytest.mark.parametrize(
    ("op", "operand", "truths_"),
    [("<", 5, "100"), ("<=", 5, "110"), (">", 5, "001"), (">=", 5, "011"), ("between", [5, 6], "011")],
)
def test_comparisons_of_numbers(judge, reading, op, operand, truths_):
    rule = {"var": "temperature", "op": op, "value": operand}
    found = [judge(rule, temperature=reading(value, unit="°C")).truth for value in (4, 5, 6)]
    assert found == [digit == "1" for digit in truths_]


def test_readings_with_missing_or_foreign_fields_are_refused(reading):
    stored = reading(3).to_json()
    for wrong in (stored | {"colour": 1}, {"value": 3}):
        with pytest.raises(ValueError, match="exactly"):
            Reading.from_json(wrong)


def test_parsing_and_evaluating_need_no_registry_order(registry, offer_if):
    backwards = dict(reversed(registry.items()))
    assert parse(offer_if, backwards) == parse(offer_if, registry)
