"""Signing in as people do: through the forms, with the code that an authenticator app shows."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.factories import PASSWORD
from wellness.accounts.factors import current_code, enrol_authenticator_app
from wellness.accounts.models import User

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """A browser after the sign-in with a password, and with a code where there is an authenticator app."""

    def signed_in(user: User, *, code: str = "") -> Client:
        client = Client()
        client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        if code:
            client.post("/accounts/2fa/authenticate/", {"code": code})
        return client

    return signed_in


@pytest.fixture
def secured(bea: User) -> User:
    """Bea, whose authenticator app is set up."""
    enrol_authenticator_app(bea, SEED)
    return bea


@pytest.fixture
def app_code() -> Callable[[], str]:
    """What bea's authenticator app shows."""
    return lambda: current_code(SEED)


@pytest.fixture
def committing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for the end of a transaction happens at once: a test's own never ends."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda act, **_: act())
