"""What a signature says of the sign-in before it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY as OF_USER,
)
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.http import HttpRequest
from django.test import Client

from tests import factories
from wellness.accounts.models import User
from wellness.consent.models import ConsentEvent
from wellness.studies.models import Enrollment
from wellness.web.proof import signing_of


def request(*records: dict[str, Any]) -> HttpRequest:
    """A request of a session that holds these proofs of its user."""
    session = {AUTHENTICATION_METHODS_SESSION_KEY: list(records), OF_USER: "7"}
    return cast(HttpRequest, SimpleNamespace(session=session, user=User(pk=7)))


PASSWORD: dict[str, Any] = {"method": "password", "at": 1_767_603_600.0, "email": "ada@example.org"}
TOTP: dict[str, Any] = {"method": "mfa", "at": 1_767_603_660.0, "type": "totp"}
PASSKEY: dict[str, Any] = {"method": "mfa", "at": 1_767_603_700.5, "type": "webauthn", "passwordless": True}


@pytest.mark.parametrize(
    ("records", "method", "amr"),
    [
        ([PASSWORD], "password", ("pwd",)),
        ([PASSWORD, TOTP], "password+totp", ("pwd", "otp", "mfa")),
        ([PASSWORD, PASSWORD | {"reauthenticated": True}], "password", ("pwd",)),
        ([PASSKEY], "webauthn", ("hwk", "user")),
        ([{"method": "code", "at": 1.0}], "code", ("otp",)),
        ([], "", ()),
    ],
)
def test_each_proof_is_named_once(records: list[dict[str, Any]], method: str, amr: tuple[str, ...]) -> None:
    found = signing_of(request(*records), "Ada Lovelace")
    assert (found.printed_name, found.method, found.amr) == ("Ada Lovelace", method, amr)


def test_the_time_is_that_of_the_last_proof() -> None:
    assert signing_of(request(PASSWORD, TOTP)).auth_at == datetime(2026, 1, 5, 9, 1, tzinfo=UTC)
    assert signing_of(request()).auth_at is None


def test_stopping_on_the_page_is_signed_with_it(ada: Enrollment) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": "ada@example.org", "password": factories.PASSWORD})
    client.post("/app/privacy/leave/", {"mode": "stop", "purpose": "collect"})
    signature = ConsentEvent.objects.filter(enrollment=ada).latest("seq").signature
    assert (signature["method"], signature["amr"]) == ("password", ["pwd"])
    assert signature["auth_at"] is not None
