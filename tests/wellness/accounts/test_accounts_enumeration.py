"""Whether an address has an account cannot be told from any answer, nor from the work that it takes."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from tests import factories
from wellness.accounts.factors import enrol_authenticator_app
from wellness.studies.models import Enrollment

KNOWN, SECURED, UNKNOWN = "ada@example.org", "bob@example.org", "eva@example.org"
ONE_OFF = re.compile(rb'(?<=value=")\w{64}|(?<="X-CSRFToken": ")\w+|(?<="session_token": ")[^"]+')
API = "/_allauth/app/v1/auth/"


@pytest.fixture(autouse=True)
def _people(ada: Enrollment) -> None:
    """One account with a password, one with a second factor too, and an address that has none."""
    enrol_authenticator_app(factories.user("bob"), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")


def on_page(*steps: tuple[str, Mapping[str, str]]) -> Callable[[str], list[HttpResponse]]:
    """The answers to forms filled in one after the other; {} stands for the address."""

    def asked(address: str) -> list[HttpResponse]:
        client = Client()
        forms = [
            (path, {name: value.format(address) for name, value in form.items()}) for path, form in steps
        ]
        return [client.post(path, form, follow=True) for path, form in forms]

    return asked


def in_api(*steps: tuple[str, Mapping[str, str]]) -> Callable[[str], list[HttpResponse]]:
    """The answers to an app's requests."""

    def asked(address: str) -> list[HttpResponse]:
        client, token, answers = Client(), {}, []
        for path, body in steps:
            sent = json.dumps({name: value.format(address) for name, value in body.items()})
            answers.append(client.post(API + path, sent, content_type="application/json", headers=token))
            if found := answers[-1].json().get("meta", {}).get("session_token"):
                token = {"X-Session-Token": found}
        return answers

    return asked


WRONG = {"code": "AAAA-AAAA"}
WAYS = {
    "sign in": on_page(("/accounts/login/", {"login": "{}", "password": "not the password"})),
    "code": on_page(
        ("/accounts/login/code/", {"email": "{}"}), *[("/accounts/login/code/confirm/", WRONG)] * 6
    ),
    "reset": on_page(("/accounts/password/reset/", {"email": "{}"})),
    "sign up": on_page(("/accounts/signup/", {"email": "{}", "password1": "correct horse battery"})),
    "app: sign in": in_api(("login", {"email": "{}", "password": "not the password"})),
    "app: code": in_api(("code/request", {"email": "{}"}), *[("code/confirm", WRONG)] * 6),
    "app: reset": in_api(("password/request", {"email": "{}"})),
}


def shown(answers: list[HttpResponse], address: str) -> list[tuple[int, bytes]]:
    """All that can be seen of the answers, but for what is new in each and the address itself."""
    return [
        (one.status_code, ONE_OFF.sub(b"", one.content).replace(address.encode(), b"")) for one in answers
    ]


@pytest.mark.parametrize("way", WAYS)
def test_the_answers_are_the_same_byte_for_byte(way: str) -> None:
    seen = []
    for address in (KNOWN, SECURED, UNKNOWN):
        cache.clear()
        seen.append(shown(WAYS[way](address), address))
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize("way", WAYS)
def test_the_work_is_the_same(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    encode = hashers.MD5PasswordHasher.encode

    def count(self: Any, *args: Any) -> str:
        hashed.append(1)
        return encode(self, *args)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", count)
    work = []
    for address in (KNOWN, UNKNOWN):
        cache.clear()
        hashed.clear()
        mail.outbox.clear()
        WAYS[way](address)
        work.append((len(hashed), [message.to for message in mail.outbox] == [[address]]))
    assert work[0] == work[1]
