"""How somebody proved who they are, and how long ago."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from tests import factories
from wellness.accounts.models import User
from wellness.accounts.presence import authentication_methods, recently_authenticated, require_recent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Proofs = list[tuple[float, str, dict[str, object]]]


@pytest.fixture
def request_of(db: None) -> Callable[[Proofs], HttpRequest]:
    """A request at noon of a user who gave these proofs, each so many minutes before."""
    user: User = factories.user("eva")

    def made(proofs: Proofs) -> HttpRequest:
        request = HttpRequest()
        request.session, request.user = SessionStore(), user
        for minutes, method, more in proofs:
            with time_machine.travel(NOON - timedelta(minutes=minutes), tick=False):
                record_authentication(request, user, method, **more)
        return request

    return made


@pytest.mark.parametrize(
    ("proofs", "amr", "is_recent"),
    [
        ([], (), False),
        ([(4, "password", {})], ("pwd",), True),
        ([(4, "code", {})], ("email",), True),
        ([(5, "password", {})], ("pwd",), False),
        ([(9, "password", {}), (4, "mfa", {"type": "totp"})], ("pwd", "otp", "mfa"), True),
        ([(9, "mfa", {"type": "totp"}), (1, "password", {})], ("otp", "pwd", "mfa"), False),
        ([(1, "mfa", {"type": "webauthn", "passwordless": True})], ("hwk", "user", "mfa"), True),
        ([(1, "mfa", {"type": "recovery_codes"})], ("recovery", "mfa"), True),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_proofs_are_named_and_dated(
    proofs: Proofs, amr: tuple[str, ...], is_recent: bool, request_of: Callable[[Proofs], HttpRequest]
) -> None:
    request = request_of(proofs)
    found = authentication_methods(request)
    assert found.amr == amr
    assert found.at == (NOON - timedelta(minutes=min(one[0] for one in proofs)) if proofs else None)
    assert recently_authenticated(request) is is_recent
    if is_recent:
        require_recent(request)
    else:
        with pytest.raises(ReauthenticationRequired):
            require_recent(request)


@time_machine.travel(NOON, tick=False)
def test_somebody_elses_proofs_do_not_count(request_of: Callable[[Proofs], HttpRequest]) -> None:
    request = request_of([(1, "password", {})])
    request.user = factories.user("fay")
    assert authentication_methods(request).amr == ()
    assert not recently_authenticated(request, timedelta(days=1))
