"""Second factors: sealed, each code once, bound to their owner."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client

from tests import factories
from tests.wellness.accounts.conftest import SEED
from wellness.accounts.factors import current_code, enrol_authenticator_app, recovery_codes
from wellness.accounts.models import User
from wellness.lib.sealing import SealBroken

SignIn = Callable[..., Client]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def opens(client: Client, path: str = "/clinic/") -> bool:
    return client.get(path).status_code == 200


def test_the_app_shows_what_the_standard_says() -> None:
    rfc_6238 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for at, shown in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        with time_machine.travel(at, tick=False):
            assert current_code(rfc_6238) == shown


def test_a_code_opens_once(secured: User, sign_in: SignIn) -> None:
    with time_machine.travel(NOON, tick=False):
        code = current_code(SEED)
        assert opens(sign_in(secured, code=code))
        assert not opens(sign_in(secured, code=code))


def test_an_earlier_code_is_refused_after_a_later_one(secured: User, sign_in: SignIn) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        earlier = current_code(SEED)
        clock.shift(timedelta(seconds=30))
        assert opens(sign_in(secured, code=current_code(SEED)))
        assert not opens(sign_in(secured, code=earlier))


def test_a_clock_may_be_half_a_minute_off_and_no_more(secured: User, sign_in: SignIn) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        code = current_code(SEED)
        clock.shift(timedelta(seconds=60))
        assert not opens(sign_in(secured, code=code))
        clock.shift(timedelta(seconds=-30))
        assert opens(sign_in(secured, code=code))


def test_guessing_ends_after_five_tries(secured: User, sign_in: SignIn, app_code: Callable[[], str]) -> None:
    client = sign_in(secured)
    wrong = f"{(int(app_code()) + 500_000) % 1_000_000:06}"
    for _ in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": wrong})
    client.post("/accounts/2fa/authenticate/", {"code": app_code()})
    assert not opens(client)


def test_the_seed_is_nowhere_in_clear(secured: User) -> None:
    factor = Authenticator.objects.get(user=secured)
    codes = recovery_codes(secured)
    assert SEED not in str(factor.data)
    stored = [str(one.data) for one in Authenticator.objects.filter(user=secured)]
    assert not any(code in data for code in codes for data in stored)


def test_a_seed_moved_to_another_account_opens_nothing(secured: User, dot: User) -> None:
    theirs = enrol_authenticator_app(dot, SEED)
    factor = Authenticator.objects.get(pk=theirs.pk)
    factor.data = Authenticator.objects.get(user=secured).data
    factor.save()
    with pytest.raises(SealBroken):
        Authenticator.objects.get(pk=theirs.pk).wrap()


def test_a_seed_that_claims_another_owner_does_not_open(secured: User, dot: User) -> None:
    factor = Authenticator.objects.get(user=secured)
    data = {"secret": factor.data["secret"].replace(str(secured.public_id), str(dot.public_id))}
    stolen = Authenticator.objects.create(user=dot, type=factor.type, data=data)
    with pytest.raises(SealBroken):
        stolen.wrap().validate_code("123456")


def test_a_recovery_code_opens_once(secured: User, sign_in: SignIn) -> None:
    [code, *_] = recovery_codes(secured)
    assert opens(sign_in(secured, code=code))
    assert not opens(sign_in(secured, code=code))


def test_setting_up_an_app_opens_the_door_and_shows_recovery_codes_once(
    bea: User, sign_in: SignIn, committing: None
) -> None:
    client, other = sign_in(bea), sign_in(bea)
    client.get("/accounts/2fa/totp/activate/")
    seed = client.session["mfa.totp.secret"]
    response = client.post("/accounts/2fa/totp/activate/", {"code": current_code(seed)})
    assert (response.status_code, response["Location"]) == (302, "/accounts/2fa/recovery-codes/")
    [code, *_] = recovery_codes(bea)
    assert code in client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert code not in client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert opens(client)
    assert other.get("/clinic/")["Location"].startswith("/accounts/login/")


def test_staff_keep_their_last_factor_and_participants_need_not(secured: User, sign_in: SignIn) -> None:
    eva = factories.user("eva")
    enrol_authenticator_app(eva, SEED)
    for user, is_kept in ((secured, True), (eva, False)):
        client = Client()
        client.force_login(user)
        client.post("/accounts/2fa/totp/deactivate/")
        assert Authenticator.objects.filter(user=user, type="totp").exists() is is_kept


def test_changing_factors_asks_for_a_recent_proof(secured: User, sign_in: SignIn) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = sign_in(secured, code=current_code(SEED))
        assert opens(client, "/accounts/2fa/webauthn/add/")
        clock.shift(timedelta(minutes=6))
        response = client.get("/accounts/2fa/webauthn/add/")
        assert response["Location"].startswith("/accounts/2fa/reauthenticate/")
        by_password = client.post("/accounts/reauthenticate/", {"password": factories.PASSWORD})
        assert by_password["Location"].startswith("/accounts/2fa/reauthenticate/")
        client.post("/accounts/2fa/reauthenticate/", {"code": current_code(SEED)})
        assert opens(client, "/accounts/2fa/webauthn/add/")
