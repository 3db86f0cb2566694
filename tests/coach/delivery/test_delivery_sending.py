"""Sending: at most once, never too late, and never against a guard, which is asked at that moment."""

from datetime import datetime, timedelta

import pytest

from coach.delivery.models import Delivery
from coach.delivery.selectors import inbox
from coach.delivery.services import queue, respond, send
from coach.safety.models import Hold
from coach.safety.services import hold, lift
from tests.factories.coaching import TUESDAY, message
from tests.factories.phone import local
from wellness.consent.purposes import INTERVENE, SHARE_CLINICIAN
from wellness.consent.services import withdraw
from wellness.studies.models import Enrollment
from wellness.studies.services import change_zone
from wellness.work.claims import LEASE, LeaseLost
from wellness.work.kinds import drain, run_one

NOON = local(TUESDAY, "12:00")
HOUR = timedelta(hours=1)


def _queued(ada: Enrollment, now: datetime = NOON) -> Delivery:
    return queue(enrollment=ada, message=message(), now=now, expires_at=now + HOUR)


def _sent(ada: Enrollment, now: datetime) -> Delivery:
    delivery = _queued(ada, now)
    drain(now, "delivery")
    delivery.refresh_from_db()
    return delivery


def test_it_reaches_the_person(ada: Enrollment) -> None:
    delivery = _sent(ada, NOON)
    assert (delivery.state, delivery.sent_at) == (Delivery.State.SENT, NOON)
    assert inbox(ada, NOON).get() == delivery
    assert not inbox(ada, NOON + HOUR).exists()


def test_it_is_sent_once(ada: Enrollment) -> None:
    delivery = _queued(ada)
    fence = Delivery.objects.due(NOON).claim(delivery.pk, NOON)
    later = NOON + LEASE + timedelta(seconds=1)
    assert run_one("delivery", delivery.pk, later)
    assert not run_one("delivery", delivery.pk, later)
    assert fence is not None
    with pytest.raises(LeaseLost):
        send(delivery.pk, fence, later + timedelta(minutes=5))
    delivery.refresh_from_db()
    assert delivery.sent_at == later


def test_an_expired_one_is_never_sent(ada: Enrollment) -> None:
    delivery = _queued(ada)
    drain(NOON + HOUR, "delivery")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_at) == (Delivery.State.EXPIRED, None)


@pytest.mark.parametrize("wall", ["22:00", "23:59", "00:00", "06:59"])
def test_nothing_is_sent_in_quiet_hours(ada: Enrollment, wall: str) -> None:
    delivery = _sent(ada, local(TUESDAY, wall))
    assert (delivery.state, delivery.blocked_by) == (Delivery.State.BLOCKED, "quiet_hours")


@pytest.mark.parametrize("wall", ["07:00", "21:59"])
def test_quiet_hours_are_half_open(ada: Enrollment, wall: str) -> None:
    assert _sent(ada, local(TUESDAY, wall)).state == Delivery.State.SENT


def test_quiet_hours_follow_the_person_to_another_zone(ada: Enrollment) -> None:
    change_zone(enrollment=ada, zone="America/New_York", from_at=NOON - HOUR)
    delivery = _sent(ada, NOON)  # five in the morning there
    assert delivery.blocked_by == "quiet_hours"


@pytest.mark.parametrize(
    "kind",
    [Hold.Kind.CRISIS, Hold.Kind.CLINICIAN, Hold.Kind.PARTICIPANT],
)
def test_a_hold_blocks_until_it_is_lifted_and_is_not_told_from_another(
    ada: Enrollment, kind: Hold.Kind
) -> None:
    hold(enrollment=ada, kind=kind, now=NOON - HOUR)
    assert _sent(ada, NOON).blocked_by == "hold"
    assert lift(enrollment=ada, kind=kind, now=NOON + HOUR) == 1
    assert _sent(ada, NOON + HOUR).state == Delivery.State.SENT


def test_a_hold_set_after_queueing_blocks_too(ada: Enrollment) -> None:
    delivery = _queued(ada)
    hold(enrollment=ada, kind=Hold.Kind.CLINICIAN, now=NOON, ends_at=NOON + 2 * HOUR)
    drain(NOON + timedelta(minutes=1), "delivery")
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.BLOCKED
    assert _sent(ada, NOON + 2 * HOUR).state == Delivery.State.SENT


def test_one_in_two_hours_and_four_a_day(ada: Enrollment) -> None:
    start = local(TUESDAY, "08:00")
    assert _sent(ada, start).state == Delivery.State.SENT
    assert _sent(ada, start + timedelta(minutes=119)).blocked_by == "too_soon"
    for k in (1, 2, 3):
        assert _sent(ada, start + 2 * k * HOUR).state == Delivery.State.SENT
    assert _sent(ada, start + 8 * HOUR).blocked_by == "budget_day"


def test_two_queued_at_once_are_not_both_sent(ada: Enrollment) -> None:
    _queued(ada)
    _queued(ada)
    drain(NOON, "delivery")
    assert sorted(Delivery.objects.values_list("state", "blocked_by")) == [
        ("blocked", "too_soon"),
        ("sent", ""),
    ]


def test_three_refusals_in_a_row_bring_rest(ada: Enrollment) -> None:
    start = local(TUESDAY, "08:00")
    for k in range(3):
        sent = _sent(ada, start + 3 * k * HOUR)
        respond(delivery=sent, response=Delivery.Response.NOT_NOW, now=sent.created_at)
    assert _sent(ada, start + timedelta(hours=30)).blocked_by == "cool_down"
    assert _sent(ada, start + timedelta(hours=56)).state == Delivery.State.SENT


@pytest.mark.parametrize(
    ("scopes", "state"),
    [(None, "cancelled"), ([(INTERVENE, "*")], "cancelled"), ([(SHARE_CLINICIAN, "*")], "sent")],
)
def test_withdrawing_from_coaching_cancels_what_waits(
    ada: Enrollment, scopes: list[tuple[str, str]] | None, state: str
) -> None:
    delivery = _queued(ada)
    withdraw(enrollment=ada, scopes=scopes, now=NOON)
    drain(NOON, "delivery")
    delivery.refresh_from_db()
    assert delivery.state == state


def test_without_consent_nothing_is_sent(ada: Enrollment) -> None:
    withdraw(enrollment=ada, scopes=[(INTERVENE, "*")], now=NOON - HOUR)
    assert _sent(ada, NOON).blocked_by == "consent"
