"""The session tokens of phones end as the sessions of browsers do."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from tests.factories import PASSWORD
from wellness.accounts.models import User
from wellness.studies.models import Enrollment

API = "/_allauth/app/v1/auth/"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def signed_in(user: User | None) -> str:
    """The token that a phone gets for an address and a password."""
    assert user
    sent = json.dumps({"email": user.email, "password": PASSWORD})
    found = Client().post(API + "login", sent, content_type="application/json").json()
    token: str = found["meta"]["session_token"]
    return token


def status(token: str) -> int:
    return Client().get(API + "session", headers={"X-Session-Token": token}).status_code


@pytest.mark.parametrize(("idle_min", "answer"), [(14, 200), (15, 410), (60, 410)])
def test_that_of_staff_ends_idle(idle_min: int, answer: int, bea: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        token = signed_in(bea)
        clock.shift(timedelta(minutes=idle_min))
        assert [status(token), status(token)] == [answer, answer]
        assert Session.objects.exists() is (answer == 200)


def test_that_of_staff_ends_after_twelve_hours_whatever_is_done(bea: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        token = signed_in(bea)
        for _ in range(71):
            clock.shift(timedelta(minutes=10))
            assert status(token) == 200
        clock.shift(timedelta(minutes=10))
        assert status(token) == 410


def test_that_of_a_participant_lasts_a_fortnight_idle_and_thirty_days(ada: Enrollment) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        token, idle = signed_in(ada.user), signed_in(ada.user)
        for _ in range(2):
            clock.shift(timedelta(days=13))
            assert status(token) == 200
        assert status(idle) == 410
        clock.shift(timedelta(days=4))
        assert status(token) == 410


def test_a_token_of_nobody_opens_nothing(db: None) -> None:
    assert status("unknown") == 410
