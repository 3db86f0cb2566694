"""What holds for the HTML and the headers of every page."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from tests import factories
from tests.wellness.web.conftest import add_days
from wellness.accounts.models import User
from wellness.studies.models import Enrollment

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)
ELSEWHERE = re.compile(r"(?:src|href|action)=[\"']?(?:https?:)?//", re.IGNORECASE)


@pytest.fixture
def bodies(
    ada: Enrollment, bea: User, dot: User, browser: Callable[[User | None], Client], instruments: None
) -> dict[str, tuple[str, dict[str, str]]]:
    """Every page with data in it, by address: its HTML and headers."""
    add_days(ada, sleep__duration=200.0)
    asked = {
        None: ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/help/", "/nowhere/"],
        ada.user: [
            "/app/",
            "/app/check-in/",
            "/app/data/",
            "/accounts/password/change/",
            "/accounts/logout/",
        ],
        bea: ["/clinic/", f"/clinic/{ada.public_id}/"],
        dot: ["/console/", "/console/harbour/"],
        factories.user("newcomer"): ["/"],
    }
    responses = {path: browser(who).get(path) for who, paths in asked.items() for path in paths}
    return {path: (one.content.decode(), dict(one.headers)) for path, one in responses.items()}


def test_the_content_policy_is_exact(bodies: dict[str, tuple[str, dict[str, str]]]) -> None:
    for path, (_, headers) in bodies.items():
        assert {part.strip() for part in headers["Content-Security-Policy"].split(";")} == POLICY, path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(
    bodies: dict[str, tuple[str, dict[str, str]]],
) -> None:
    for path, (html, _) in bodies.items():
        assert not INLINE.search(html), (path, INLINE.search(html))
        assert not ELSEWHERE.search(html), (path, ELSEWHERE.search(html))


def test_pages_have_one_heading_a_language_and_landmarks(
    bodies: dict[str, tuple[str, dict[str, str]]],
) -> None:
    for path, (html, _) in bodies.items():
        assert html.count("<h1") == 1, path
        assert '<html lang="en">' in html, path
        assert html.count("<main") == html.count("<header") == 1, path
        assert 'class="skip" href="#main"' in html, path
        ids = re.findall(r'\sid="([^"]+)"', html)
        assert len(ids) == len(set(ids)), (path, sorted(ids))


def test_titles_are_a_question_and_the_study(bodies: dict[str, tuple[str, dict[str, str]]]) -> None:
    of_study = {path for path in bodies if path.startswith(("/app/", "/console/h"))}
    for path, (html, _) in bodies.items():
        title = re.search(r"<title>(.*?)</title>", html, re.DOTALL)
        assert title
        question, _, place = title[1].rpartition(" · ")
        assert (
            place == ("Harbour" if path in of_study or "/clinic/" in path[:-1] else "Wellness")
            or path == "/clinic/"
        )
        if path.startswith(("/app/", "/clinic/", "/console/", "/help/")):
            assert question.endswith("?"), path


def test_tables_are_named_and_their_headers_have_a_scope(
    bodies: dict[str, tuple[str, dict[str, str]]],
) -> None:
    for path, (html, _) in bodies.items():
        assert html.count("<table") == html.count("<caption"), path
        assert not re.search(r"<th(?![^>]*scope=)[\s>]", html), path


def test_health_pages_are_never_cached(bodies: dict[str, tuple[str, dict[str, str]]]) -> None:
    for path, (_, headers) in bodies.items():
        if path.startswith(("/app/", "/clinic/", "/console/")):
            assert headers["Cache-Control"] == "no-store", path
