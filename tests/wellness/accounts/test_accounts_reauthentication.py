"""Somebody without a password or a second factor proves themselves again by a code."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from tests.wellness.accounts.test_accounts_codes import CONFIRM, mailed
from wellness.studies.models import Enrollment

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADD, AGAIN = "/accounts/2fa/webauthn/add/", "/accounts/reauthenticate/code/"


@pytest.fixture
def client(ada: Enrollment):
    """Ada, who has no password, six minutes after she signed in by a code."""
    assert ada.user
    ada.user.set_unusable_password()
    ada.user.save()
    with time_machine.travel(NOON, tick=False) as clock:
        browser = Client()
        browser.post("/accounts/login/code/", {"email": "ada@example.org"})
        browser.post(CONFIRM, {"code": mailed()})
        assert browser.get(ADD).status_code == 200
        clock.shift(timedelta(minutes=6))
        yield browser


def test_a_sensitive_change_asks_for_a_code_and_then_goes_on(client: Client) -> None:
    asked = client.get(ADD)
    assert asked["Location"] == f"{AGAIN}?next=%2Faccounts%2F2fa%2Fwebauthn%2Fadd%2F"
    assert client.post(asked["Location"], {"send": "yes"}).status_code == 200
    done = client.post(asked["Location"], {"code": mailed()})
    assert (done.status_code, done["Location"]) == (302, ADD)
    assert client.get(ADD).status_code == 200


def test_a_code_counts_for_five_tries(client: Client) -> None:
    client.post(AGAIN, {"send": "yes"})
    code = mailed()
    for _ in range(5):
        assert client.post(AGAIN, {"code": "AAAA-AAAA"}).status_code == 422
    assert client.post(AGAIN, {"code": code}).status_code == 422
    assert client.get(ADD).status_code == 302


def test_a_code_is_asked_for_only_so_often(client: Client) -> None:
    n = len(mail.outbox)
    answers = [client.post(AGAIN, {"send": "yes"}).status_code for _ in range(5)]
    assert answers[-1] == 429
    assert len(mail.outbox) - n < 5


def test_nobody_signed_out_is_asked(ada: Enrollment) -> None:
    assert re.match(r"/accounts/login/", Client().get(AGAIN)["Location"])
