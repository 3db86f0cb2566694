"""Deciding: one line of the ledger a point, available or with every reason why not."""

from datetime import timedelta
from typing import Any

import pytest

from coach.decisions.models import Decision, DecisionPoint, Outcome
from coach.decisions.replay import reasons_of
from coach.decisions.services import decide
from coach.delivery.models import Delivery
from coach.safety.models import Hold
from coach.safety.services import hold
from tests.factories.coaching import ALWAYS, TUESDAY, awake, decided, points, rule, slot
from tests.factories.phone import HELSINKI, local, upload, walk
from wellness.consent.purposes import INTERVENE
from wellness.consent.services import withdraw
from wellness.studies.models import Device, Enrollment
from wellness.work.claims import LEASE, LeaseLost
from wellness.work.kinds import drain, run_one

Phone = tuple[Device, str]


@pytest.fixture(autouse=True)
def _phone_is_on(device: Phone) -> None:
    awake(device[0], slot())


def test_an_available_point_is_randomised_and_recorded(ada: Enrollment) -> None:
    rule(ada.study)
    decision = decided(ada)
    assert decision.available
    assert decision.reasons == []
    assert dict(decision.probabilities) == {"breathing": 0.2, "walk": 0.3, "none": 0.5}
    assert decision.propensity == dict(decision.probabilities)[decision.option]
    assert 0 < decision.draw < 1
    assert (decision.consent_epoch, bool(decision.consent_events)) == (ada.consent_epoch, True)
    assert b"steps_60m" not in bytes(decision.sealed_context) + bytes(decision.sealed_trace)
    assert (decision.delivery is None) is (decision.option == "none")
    assert Outcome.objects.get().window_ends_at == slot() + timedelta(hours=1)


def test_what_is_drawn_is_sent_to_the_phone(ada: Enrollment) -> None:
    rule(ada.study, **ALWAYS, decision_point={"slots": ["15:30"], "window_min": 60, "grace_min": 30})
    decision = decided(ada)
    drain(slot(), "delivery")
    sent = Delivery.objects.to(ada)
    assert sent.count() == (decision.option != "none")
    for delivery in sent:
        assert delivery.expires_at == slot() + timedelta(hours=1)
        slug = {"walk": "brisk-walk", "breathing": "slow-breathing"}[decision.option]
        assert delivery.message.intervention.slug == slug


def test_a_second_run_decides_nothing(ada: Enrollment) -> None:
    rule(ada.study)
    (point,) = points(ada)
    fence = DecisionPoint.objects.due(slot()).claim(point.pk, slot())
    later = slot() + LEASE + timedelta(seconds=1)
    assert run_one("decision", point.pk, later)
    assert not run_one("decision", point.pk, later)
    assert fence is not None
    with pytest.raises(LeaseLost):
        decide(point.pk, fence, later)
    assert Decision.objects.count() == 1
    assert Delivery.objects.count() <= 1


def test_a_rule_that_does_not_hold_is_a_reason(ada: Enrollment, device: Phone) -> None:
    rule(ada.study)
    upload(device[0], slot(), steps=walk(slot() - timedelta(minutes=50), 20))
    decision = decided(ada)
    assert (decision.available, decision.reasons) == (False, ["rule"])
    assert (decision.option, decision.propensity, decision.draw) == ("none", 0, None)
    assert decision.probabilities == []
    assert not Outcome.objects.exists()


def test_a_point_nobody_came_to_in_time_is_closed_late(ada: Enrollment) -> None:
    rule(ada.study)
    decision = decided(ada, now=slot() + timedelta(minutes=31))
    assert "server_late" in decision.reasons
    assert DecisionPoint.objects.get(on=TUESDAY).closed_at == decision.at


def test_silence_has_all_its_reasons(ada: Enrollment) -> None:
    rule(ada.study, decision_point={"slots": ["22:30"], "window_min": 60, "grace_min": 30})
    hold(enrollment=ada, kind=Hold.Kind.CRISIS, now=slot())
    hold(enrollment=ada, kind=Hold.Kind.PARTICIPANT, now=slot())
    decision = decided(ada)
    assert not decision.available
    assert decision.reasons[:3] == ["hold", "hold", "quiet_hours"]  # in clear; why is the person's
    assert reasons_of(decision)[:3] == ["crisis_hold", "participant_pause", "quiet_hours"]
    assert not Delivery.objects.exists()


def test_the_rules_own_quiet_hours_count(ada: Enrollment) -> None:
    rule(ada.study, budget={"per_day": 2, "quiet": ["15:00", "16:00"]})
    assert decided(ada).reasons == ["quiet_hours"]


@pytest.mark.parametrize(
    ("on_unknown", "available", "reasons"),
    [("skip", False, ["unknown:steps_60m"]), ("treat_false", False, ["rule"]), ("fallback", True, [])],
)
def test_unknown_input_follows_the_rule(
    ada: Enrollment, on_unknown: str, available: bool, reasons: list[str]
) -> None:
    fallback = {"type": "mrt", "probs": {"walk": 0.1, "breathing": 0.1}}
    rule(ada.study, on_unknown=on_unknown, fallback_policy=fallback)
    wednesday = TUESDAY + timedelta(days=1)  # the phone has been silent since
    decision = decided(ada, wednesday)
    assert (decision.available, decision.reasons) == (available, reasons)
    assert decision.fallback == ("unknown_input" if available else "")
    assert dict(decision.probabilities).get("walk") == (0.1 if available else None)


def test_a_point_of_someone_who_left_is_closed_for_consent(ada: Enrollment) -> None:
    rule(ada.study)
    points(ada)
    withdraw(enrollment=ada, scopes=[(INTERVENE, "*")], now=slot() - timedelta(hours=1))
    drain(slot(), "decision")
    decision = Decision.objects.get()
    assert not decision.available
    assert decision.reasons[0] == "consent"
    assert decision.consent_events == []


def test_a_stream_without_consent_is_not_read(ada: Enrollment) -> None:
    rule(ada.study)
    withdraw(enrollment=ada, scopes=[(INTERVENE, "steps")], now=slot() - timedelta(hours=1))
    assert decided(ada).reasons == ["unknown:steps_60m"]


def test_consent_revoked_while_deciding_discards_the_decision(
    ada: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coach.decisions.services import decision as room

    rule(ada.study)
    (point,) = points(ada)
    conclude = room.conclude

    def interrupted(*args: Any, **named: Any) -> Any:
        withdraw(enrollment=ada, scopes=[(INTERVENE, "steps")], now=slot())
        return conclude(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(room, "conclude", interrupted)
        assert not run_one("decision", point.pk, slot())
    assert not Decision.objects.exists()
    assert run_one("decision", point.pk, slot())


def test_a_rule_of_higher_priority_decides_alone(ada: Enrollment) -> None:
    low = rule(ada.study)
    high = rule(ada.study, name="zz-urgent", priority=10)
    both = points(ada)
    for point in sorted(both, key=lambda one: one.rule_id):
        assert run_one("decision", point.pk, slot())
    assert Decision.objects.get(rule=high).available
    lost = Decision.objects.get(rule=low)
    assert (lost.available, lost.reasons) == (False, ["other_rule"])


def test_the_days_budget_starts_with_the_persons_day(ada: Enrollment, device: Phone) -> None:
    rule(ada.study, **ALWAYS, budget={"per_day": 1, "quiet": ["22:00", "07:00"]})
    slots = {"slots": ["10:00", "15:30"], "window_min": 60, "grace_min": 30}
    rule(ada.study, **ALWAYS, decision_point=slots, budget={"per_day": 1, "quiet": ["22:00", "07:00"]})
    awake(device[0], local(TUESDAY, "10:00"))
    morning, afternoon = points(ada)
    run_one("decision", morning.pk, morning.due_at)
    drain(morning.due_at, "delivery")
    n_sent = Delivery.objects.to(ada).count()
    run_one("decision", afternoon.pk, afternoon.due_at)
    assert ("budget" in Decision.objects.get(point=afternoon).reasons) is bool(n_sent)
    assert morning.zone == HELSINKI


def test_a_second_attempt_does_not_toss_again(ada: Enrollment, monkeypatch: pytest.MonkeyPatch) -> None:
    rule(ada.study)
    [point] = points(ada)
    tosses = []

    def failing(spec: Any, snapshot: Any, *, seed: bytes, decision_id: Any) -> Any:
        tosses.append(decision_id)
        raise RuntimeError("a worker dies here")

    monkeypatch.setattr("coach.decisions.services.decision.conclude", failing)
    for fence in (1, 2):
        with pytest.raises(RuntimeError):
            decide(point.pk, fence, slot())
    assert tosses[0] == tosses[1]
