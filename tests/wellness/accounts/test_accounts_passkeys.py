"""Passkeys: registered on a page, then opening the door alone."""

import html
import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from tests.factories.passkey import PRESENT, Passkey
from wellness.accounts.models import User
from wellness.studies.models import Enrollment

ADD, LOGIN = "/accounts/2fa/webauthn/add/", "/accounts/2fa/webauthn/login/"


def options_of(client: Client, path: str) -> dict[str, Any]:
    """What the page asks the browser for."""
    found: dict[str, Any] = json.loads(
        html.unescape(
            re.findall(r'data-options="([^"]+)"', client.get(path, secure=True).content.decode())[0]
        )
    )
    return found


def register(client: Client, passkey: Passkey) -> None:
    answer = {"name": "Phone", "credential": passkey.create(options_of(client, ADD)), "passwordless": "on"}
    assert client.post(ADD, answer, secure=True).status_code == 302


def asked(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(LOGIN, headers={"Accept": "application/json"}, secure=True).json()
    return found["request_options"]


@pytest.fixture
def passkey(bea: User) -> Passkey:
    """Bea's passkey."""
    client, made = Client(), Passkey()
    client.force_login(bea)
    register(client, made)
    return made


def opens(client: Client) -> bool:
    return client.get("/clinic/", secure=True).status_code == 200


def test_a_passkey_signs_in_without_a_password_and_counts_as_second_factor(passkey: Passkey) -> None:
    client = Client()
    client.post(LOGIN, {"credential": passkey.get(asked(client))}, secure=True)
    assert opens(client)


def test_an_answer_opens_once_and_only_for_the_challenge_it_was_given_to(passkey: Passkey) -> None:
    client, other = Client(), Client()
    answer = passkey.get(asked(client))
    asked(other)
    other.post(LOGIN, {"credential": answer}, secure=True)
    assert not opens(other)
    client.post(LOGIN, {"credential": answer}, secure=True)
    client.post("/accounts/logout/", secure=True)
    client.post(LOGIN, {"credential": answer}, secure=True)
    assert not opens(client)


@pytest.mark.parametrize(
    "stranger",
    [{"origin": "https://evil.example"}, {"site": "evil.example"}, {"id": bytes(16)}, {"key": Passkey().key}],
)
def test_another_site_or_key_opens_nothing(stranger: dict[str, Any], passkey: Passkey) -> None:
    other = Passkey(**({"id": passkey.id, "key": passkey.key, "owner": passkey.owner} | stranger))
    client = Client()
    client.post(LOGIN, {"credential": other.get(asked(client))}, secure=True)
    assert not opens(client)


def test_without_a_fingerprint_or_pin_it_does_not_open_alone(passkey: Passkey) -> None:
    client = Client()
    client.post(LOGIN, {"credential": passkey.get(asked(client), flags=PRESENT)}, secure=True)
    assert not opens(client)


def test_it_serves_as_second_step_after_a_password(passkey: Passkey, bea: User) -> None:
    from tests.factories import PASSWORD

    client = Client()
    client.post("/accounts/login/", {"login": bea.email, "password": PASSWORD}, secure=True)
    assert not opens(client)
    step = "/accounts/2fa/authenticate/"
    client.post(step, {"credential": passkey.get(options_of(client, step))}, secure=True)
    assert opens(client)


def test_adding_a_passkey_ends_the_other_sessions(ada: Enrollment) -> None:
    here, there = Client(), Client()
    here.force_login(ada.user)
    there.force_login(ada.user)
    register(here, Passkey())
    assert here.get("/app/", secure=True).status_code == 200
    assert there.get("/app/", secure=True).status_code == 302


def test_what_is_kept_of_a_passkey_opens_nothing(passkey: Passkey) -> None:
    kept = json.dumps(Authenticator.objects.get(type="webauthn").data)
    private = passkey.key.private_numbers().private_value
    assert f"{private:x}" not in kept


def test_a_phone_signs_in_with_it_through_the_api(passkey: Passkey) -> None:
    client, api = Client(), "/_allauth/app/v1/auth/webauthn/login"
    first = client.get(api, secure=True).json()
    token = {"X-Session-Token": first["meta"]["session_token"]}
    answer = {"credential": json.loads(passkey.get(first["data"]["request_options"]))}
    done = client.post(api, json.dumps(answer), content_type="application/json", headers=token, secure=True)
    assert (done.status_code, done.json()["meta"]["is_authenticated"]) == (200, True)
