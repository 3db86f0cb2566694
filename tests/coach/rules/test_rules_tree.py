"""Which rules may be published."""

from datetime import time

import pytest

from coach.rules.nodes import AllOf, AnyOf, Leaf, variables
from coach.rules.problems import RuleError
from coach.rules.satisfiable import reachable, satisfiable
from coach.rules.tree import parse, parse_published
from coach.rules.variables import Variable

STEPS = {"var": "steps_30m", "op": "<", "value": 150}
FEW, MANY = STEPS, {"var": "steps_30m", "op": ">", "value": 150}


def problems(rule, registry):
    with pytest.raises(RuleError) as caught:
        parse(rule, registry)
    return caught.value.problems


def test_the_example_of_the_reference_parses(registry, offer_if):
    tree = parse(offer_if, registry)
    assert isinstance(tree, AllOf) and isinstance(tree.children[1], AnyOf)
    assert tree.children[1].children[0] == Leaf(
        "/all/1/any/0", registry["location"], "in", ("home", "work"), None, None
    )
    assert list(variables(tree)) == ["steps_30m", "location", "weather"]
    assert parse_published(offer_if, registry) == tree


@pytest.mark.parametrize(
    ("leaf", "path", "message"),
    [
        ({"var": "mood", "op": "<", "value": 1}, "/var", "no variable 'mood'"),
        ({"var": ["steps_30m"], "op": "<", "value": 1}, "/var", "no variable"),
        ({"var": "steps_30m", "op": "==", "value": 1}, "/op", "not by '=='"),
        ({"var": "steps_30m", "op": ["<"], "value": 1}, "/op", "compared by"),
        ({"var": "driving", "op": "<", "value": True}, "/op", "not by '<'"),
        ({"var": "steps_30m", "op": "<", "value": True}, "/value", "not a number"),
        ({"var": "steps_30m", "op": "<", "value": "1"}, "/value", "not a number"),
        ({"var": "steps_30m", "op": "<", "value": float("nan")}, "/value", "not a number"),
        ({"var": "steps_30m", "op": "<", "value": 10_001}, "/value", "outside 0 to 10000 steps"),
        ({"var": "steps_30m", "op": "between", "value": [9, 3]}, "/value", "above the high end"),
        ({"var": "steps_30m", "op": "between", "value": [3]}, "/value", "pair"),
        ({"var": "steps_30m", "op": "between", "value": [3, -1]}, "/value/1", "outside"),
        ({"var": "driving", "op": "==", "value": 1}, "/value", "true or false"),
        ({"var": "location", "op": "==", "value": "gym"}, "/value", "none of home, work, other"),
        ({"var": "location", "op": "in", "value": "home"}, "/value", "list"),
        ({"var": "location", "op": "in", "value": []}, "/value", "at least one word"),
        ({"var": "location", "op": "in", "value": ["home", "home"]}, "/value", "twice"),
        ({"var": "location", "op": "in", "value": ["home", 3]}, "/value/1", "not a word"),
        ({"var": "steps_30m", "op": "<", "var2": "location"}, "/var2", "is a word"),
        ({"var": "steps_30m", "op": "<", "var2": "temperature"}, "/var2", "in '°C'"),
        ({"var": "steps_30m", "op": "<", "var2": "steps_30m"}, "/var2", "itself"),
        ({"var": "location", "op": "in", "var2": "weather"}, "/var2", "with a value"),
        ({"var": "steps_30m", "op": "<", "value": 1, "var2": "step_goal"}, "", "either"),
        ({"var": "steps_30m", "op": "<"}, "", "either"),
        ({"op": "<", "value": 3}, "", "needs 'var'"),
        ({**STEPS, "unit": "m"}, "/unit", "not part"),
        ({**STEPS, "max_age_min": 0}, "/max_age_min", "above 0"),
        ({**STEPS, "max_age_min": True}, "/max_age_min", "above 0"),
        ({**STEPS, "max_age_min": 31}, "/max_age_min", "after 30 minutes"),
        ({"var": "local_time", "op": "within_time", "value": ["7:00", "09:00"]}, "/value/0", "wall time"),
        ({"var": "local_time", "op": "within_time", "value": ["07:00", "24:00"]}, "/value/1", "wall time"),
        ({"var": "local_time", "op": "within_time", "value": ["07:00", 9]}, "/value/1", "wall time"),
        ({"var": "local_time", "op": "within_time", "value": ["07:00", "07:00"]}, "/value", "same time"),
        (
            {"var": "local_time", "op": "within_time", "value": ["07:00", "09:00"], "max_age_min": 1},
            "/max_age_min",
            "no age",
        ),
        ({"var": "local_time", "op": "<", "value": "07:00"}, "/op", "within_time"),
    ],
)
def test_a_leaf_that_makes_no_sense_is_named(registry, leaf, path, message):
    ((where, what),) = problems({"not": leaf}, registry)
    assert where == "/not" + path and message in what


@pytest.mark.parametrize(
    "rule",
    [None, [], "steps < 3", {}, {"all": []}, {"any": {}}, {"not": []}, {"all": [STEPS], "any": [STEPS]}],
)
def test_a_tree_of_the_wrong_shape_is_refused(registry, rule):
    assert problems(rule, registry)


def test_every_problem_is_reported_at_once(registry):
    rule = {"all": [{"var": "mood", "op": "<", "value": 1}, STEPS, {"any": [{"var": "driving", "op": "=="}]}]}
    assert [path for path, _ in problems(rule, registry)] == ["/all/0/var", "/all/2/any/0"]


def test_a_tree_too_deep_or_too_large_is_refused(registry):
    deep = STEPS
    for _ in range(5_000):
        deep = {"not": deep}
    for rule in (deep, {"all": [STEPS] * 10_000}):
        assert "more than" in problems(rule, registry)[0][1]


LOCATION = [{"var": "location", "op": "==", "value": place} for place in ("home", "work", "other")]


@pytest.mark.parametrize(
    ("rule", "path", "message"),
    [
        ({"all": [FEW, MANY]}, "", "never"),
        ({"any": [MANY, {"not": MANY}]}, "", "always"),
        ({"all": [LOCATION[0], LOCATION[1]]}, "", "never"),
        ({"any": LOCATION}, "", "always"),
        ({"not": {"any": [{"not": FEW}, {"not": MANY}]}}, "/not", "always"),
        ({"any": [LOCATION[0], {"all": [FEW, MANY]}]}, "/any/1", "never"),
        ({"var": "steps_30m", "op": ">=", "value": 0}, "", "always"),
        ({"all": [{"var": "steps_30m", "op": op, "var2": "step_goal"} for op in "<>"]}, "", "never"),
        (
            {
                "all": [
                    {"var": "local_time", "op": "within_time", "value": v}
                    for v in (["22:00", "07:00"], ["08:00", "20:00"])
                ]
            },
            "",
            "never",
        ),
    ],
)
def test_parts_that_never_or_always_hold_are_named(registry, rule, path, message):
    ((where, what),) = problems(rule, registry)
    assert (where, message in what) == (path, True)


@pytest.mark.parametrize(
    "rule",
    [
        {
            "all": [
                {"var": "steps_30m", "op": "<=", "value": 150},
                {"var": "steps_30m", "op": ">=", "value": 150},
            ]
        },
        {"any": LOCATION[:2]},
        {
            "any": [
                {"var": "weather", "op": "==", "value": "rain"},
                {"var": "weather", "op": "==", "value": "sun"},
            ]
        },
        {"all": [{"var": "step_goal", "op": ">", "var2": "steps_30m"}, FEW]},
    ],
)
def test_parts_that_sometimes_hold_are_left_alone(registry, rule):
    assert satisfiable(parse(rule, registry), True) and satisfiable(parse(rule, registry), False)


def test_a_rule_reaches_only_slots_inside_its_times(registry):
    morning = {"var": "local_time", "op": "within_time", "value": ["07:00", "12:00"]}
    tree = parse({"all": [FEW, morning]}, registry)
    assert reachable(tree, [time(6), time(7), time(12)]) == [time(7)]
    assert reachable(parse({"any": [FEW, morning]}, registry), [time(6)]) == [time(6)]


def pairs_and_a_contradiction(repeats):
    flags = [{"var": f"f{i}", "op": "==", "value": True} for i in range(23)]
    pairs = [{"any": flags[i : i + 2]} for i in range(0, 22, 2)]
    return {"all": [*pairs * repeats, flags[22], {"not": flags[22]}]}


def test_a_contradiction_is_found_among_many_free_variables():
    flags = {f"f{i}": Variable(f"f{i}", "flag") for i in range(23)}
    assert problems(pairs_and_a_contradiction(1), flags) == (("", "can never hold"),)


def test_a_rule_too_large_to_decide_is_not_refused():
    flags = {f"f{i}": Variable(f"f{i}", "flag") for i in range(23)}
    tree = parse(pairs_and_a_contradiction(4), flags)
    assert satisfiable(tree, True) is None
