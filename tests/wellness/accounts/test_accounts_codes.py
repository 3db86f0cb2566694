"""Signing in with a code sent by e-mail."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from tests.wellness.accounts.conftest import SEED
from wellness.accounts.factors import current_code
from wellness.accounts.models import User
from wellness.studies.models import Enrollment

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONFIRM = "/accounts/login/code/confirm/"


def mailed() -> str:
    [code] = re.findall(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", mail.outbox[-1].body, re.MULTILINE)
    return code


@pytest.fixture
def asked(ada: Enrollment) -> Client:
    """Ada's browser after she asked for a code."""
    client = Client()
    client.post("/accounts/login/code/", {"email": "ada@example.org"})
    return client


def is_in(client: Client) -> bool:
    return client.get("/app/").status_code == 200


def test_a_code_opens_once_and_only_here(asked: Client) -> None:
    code = mailed()
    elsewhere = Client()
    elsewhere.post(CONFIRM, {"code": code})
    assert not is_in(elsewhere)
    asked.post(CONFIRM, {"code": code})
    assert is_in(asked)
    asked.post("/accounts/logout/")
    asked.post(CONFIRM, {"code": code})
    assert not is_in(asked)


def test_after_five_wrong_ones_the_right_one_is_refused(asked: Client) -> None:
    for _ in range(4):
        asked.post(CONFIRM, {"code": "AAAA-AAAA"})
    assert asked.get(CONFIRM).status_code == 200
    asked.post(CONFIRM, {"code": "AAAA-AAAA"})
    asked.post(CONFIRM, {"code": mailed()})
    assert not is_in(asked)


@pytest.mark.parametrize(("minutes", "opens"), [(9, True), (11, False)])
def test_it_lasts_ten_minutes(minutes: int, opens: bool, ada: Enrollment) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = Client()
        client.post("/accounts/login/code/", {"email": "ada@example.org"})
        clock.shift(timedelta(minutes=minutes))
        client.post(CONFIRM, {"code": mailed()})
        assert is_in(client) is opens


def test_the_mail_says_nothing_about_health(asked: Client) -> None:
    text = (mail.outbox[-1].subject + mail.outbox[-1].body).lower()
    assert not [word for word in ("health", "study", "harbour", "wellbeing", "ada") if word in text]


def test_for_staff_a_code_is_not_enough(secured: User) -> None:
    client = Client()
    client.post("/accounts/login/code/", {"email": secured.email})
    client.post(CONFIRM, {"code": mailed()})
    assert client.get("/clinic/").status_code == 302
    client.post("/accounts/2fa/authenticate/", {"code": current_code(SEED)})
    assert client.get("/clinic/").status_code == 200
