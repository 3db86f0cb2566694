"""Publishing: a rule that is in force is sound, and there is one version of it."""

from datetime import timedelta
from typing import Any

import pytest

from coach.decisions.models import DecisionPoint, DecisionRule
from coach.decisions.services import plan, publish_rule, rules_in_force
from coach.library.models import Intervention
from coach.library.services import load_library
from tests.factories import EVERYTHING, JOINED_AT, consent_document
from tests.factories.coaching import RULE, body, rule
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Study


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "Not a slug"}, "name"),
        ({"policy": None}, "policy"),
        ({"available_iff": {"var": "weekend", "op": "==", "value": True}}, "available_iff"),
        ({"on_unknown": "guess"}, "on_unknown"),
        ({"offer_if": {"var": "weather", "op": "==", "value": "rain"}}, "weather"),
        ({"offer_if": {"var": "steps_60m", "op": "<", "value": "few"}}, "offer_if"),
        ({"offer_if": {"var": "steps_60m", "op": "<", "value": 1e9}}, "offer_if"),
        ({"offer_if": {"var": "steps_60m", "op": "==", "value": 3}}, "offer_if"),
        ({"options": [{"id": "none"}]}, "options"),
        ({"options": [{"id": "none"}, {"id": "walk"}]}, "intervention"),
        ({"policy": {"type": "mrt", "probs": {"walk": 0.3}}}, "option"),
        ({"policy": {"type": "mrt", "probs": {"walk": 0.6, "breathing": 0.5}}}, "leave"),
        ({"policy": {"type": "mrt", "probs": {"walk": 1.0, "breathing": 0.2}}}, "outside"),
        ({"fallback_policy": {"type": "mrt", "probs": {"nap": 0.3}}}, "option"),
        ({"decision_point": {"slots": [], "window_min": 60, "grace_min": 30}}, "slots"),
        ({"decision_point": {"slots": ["25:00"], "window_min": 60, "grace_min": 30}}, "hour"),
        ({"decision_point": {"slots": ["09:00", "09:00"], "window_min": 60, "grace_min": 30}}, "slots"),
        ({"decision_point": {"slots": ["09:00"], "window_min": -1, "grace_min": 30}}, "window_min"),
        ({"proximal_outcome": {"stream": "gps", "window_min": 60}}, "gps"),
        ({"budget": {"per_day": 0, "quiet": ["22:00", "07:00"]}}, "per_day"),
    ],
)
def test_an_unsound_rule_is_refused(study: Study, changes: dict[str, Any], says: str) -> None:
    load_library(now=JOINED_AT)
    with pytest.raises(Refusal, match="rule_invalid") as refused:
        publish_rule(study=study, body=body(**changes), now=JOINED_AT)
    assert says in refused.value.message + refused.value.field
    assert not DecisionRule.objects.exists()
    publish_rule(study=study, body=RULE, now=JOINED_AT)


def test_a_part_that_can_never_hold_is_refused(study: Study) -> None:
    load_library(now=JOINED_AT)
    never = [{"var": "steps_60m", "op": "<", "value": 10}, {"var": "steps_60m", "op": ">", "value": 20}]
    with pytest.raises(Refusal, match="rule_invalid") as refused:
        publish_rule(study=study, body=body(offer_if={"all": never}), now=JOINED_AT)
    assert refused.value.field == "offer_if"


@pytest.mark.parametrize("variable", ["shoe_size", "steps_60m"])
def test_a_stratum_is_a_flag_or_word_that_exists(study: Study, variable: str) -> None:
    load_library(now=JOINED_AT)
    probs = {"walk": 0.3, "breathing": 0.2}
    policy = {"type": "mrt", "probs": probs, "stratum": variable, "table": {"true": probs}}
    with pytest.raises(Refusal, match="rule_invalid"):
        publish_rule(study=study, body=body(policy=policy), now=JOINED_AT)
    publish_rule(study=study, body=body(policy=policy | {"stratum": "weekend"}), now=JOINED_AT)


def test_an_option_needs_approved_content(study: Study) -> None:
    with pytest.raises(Refusal, match="rule_without_content"):
        publish_rule(study=study, body=RULE, now=JOINED_AT)
    load_library(now=JOINED_AT)
    Intervention.objects.filter(slug="brisk-walk").update(retired_at=JOINED_AT)
    with pytest.raises(Refusal, match="rule_without_content"):
        publish_rule(study=study, body=RULE, now=JOINED_AT)


def test_what_a_rule_reads_must_be_asked_for(study: Study) -> None:
    consent_document(study, scopes=[(*scope, False) for scope in EVERYTHING if scope[1] != "steps"])
    load_library(now=JOINED_AT)
    with pytest.raises(Refusal, match="rule_without_consent") as refused:
        publish_rule(study=study, body=RULE, now=JOINED_AT)
    assert "steps" in refused.value.message


def test_the_latest_version_is_in_force_by_priority(study: Study) -> None:
    rule(study)
    second = rule(study, on_unknown="fallback")
    urgent = rule(study, name="urgent", priority=10)
    assert (second.version, DecisionRule.objects.count()) == (2, 3)
    assert rules_in_force(study) == [urgent, second]


def test_a_new_version_takes_over_what_was_planned(ada: Enrollment) -> None:
    first = rule(ada.study)
    plan(now=JOINED_AT)
    assert DecisionPoint.objects.filter(rule=first).count() == 2
    second = rule(ada.study, on_unknown="fallback")
    plan(now=JOINED_AT + timedelta(minutes=1))
    assert set(DecisionPoint.objects.values_list("rule", flat=True)) == {second.pk}
    assert DecisionPoint.objects.count() == 2
