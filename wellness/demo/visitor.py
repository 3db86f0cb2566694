"""A person with a browser: signs in and opens every page of their role."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

TIMEOUT_S = 30
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class PageBroken(Exception):
    """A page did not open, or is not the page it should be."""


@dataclass(frozen=True)
class SignIn:
    """One account of the demo and the pages its role has."""

    role: str
    email: str
    password: str
    pages: tuple[str, ...]
    seed: str = ""  # of an authenticator app
    code: str = ""  # one that works once


def visit(address: str, people: Iterable[SignIn]) -> int:
    """How many pages were opened as the people whose they are; PageBroken names the first that fails."""
    return sum(_visit_as(address, person) for person in people)


def _visit_as(address: str, person: SignIn) -> int:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    base = f"http://{address}"

    def fetch(path: str, form: dict[str, str] | None = None) -> str:
        body = urlencode(form).encode() if form else None
        request = Request(base + path, body, {"Referer": base})  # noqa: S310  our own server on loopback
        with browser.open(request, timeout=TIMEOUT_S) as response:
            return str(response.read().decode())

    token = TOKEN.search(fetch("/accounts/login/"))
    if token is None:
        raise PageBroken("the sign-in page has no form")
    form = {"login": person.email, "password": person.password, "csrfmiddlewaretoken": token[1]}
    asked = TOKEN.search(fetch("/accounts/login/", form))
    if person.code and asked:
        fetch("/accounts/2fa/authenticate/", {"code": person.code, "csrfmiddlewaretoken": asked[1]})
    for path in person.pages:
        page = fetch(path)
        if page.count("<h1") != 1 or 'name="password"' in page:
            raise PageBroken(f"{path} did not open for the {person.role}")
    return len(person.pages)
