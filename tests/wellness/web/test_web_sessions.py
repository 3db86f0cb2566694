"""Where somebody is signed in, and ending one of these sessions or all others."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from tests import factories
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.studies.models import Enrollment

Browser = Callable[[User | None], Client]
PAGE = "/accounts/sessions/"


@pytest.fixture
def browsers(ada: Enrollment) -> list[Client]:
    """Three browsers that ada signed in with."""
    opened = [Client() for _ in range(3)]
    for one in opened:
        one.post("/accounts/login/", {"login": "ada@example.org", "password": factories.PASSWORD})
        assert one.get("/app/").status_code == 200
    return opened


def of(client: Client) -> UserSession:
    """The row of a browser's session."""
    return next(one for one in UserSession.objects.all() if one.session_key == client.session.session_key)


def end(session: UserSession) -> str:
    return f"{PAGE}{session.pk}/end/"


def test_one_session_ends_and_the_others_stay(browsers: list[Client], ada: Enrollment) -> None:
    mine, lost, kept = browsers
    page = mine.get(PAGE).content.decode()
    assert page.count("End this one") == 2 and end(of(mine)) not in page
    gone = of(lost)
    assert mine.post(end(gone))["Location"] == PAGE
    assert [one.get("/app/").status_code for one in browsers] == [200, 302, 200]
    entry = AuditEntry.objects.get(action="session.end")
    assert ada.user
    assert (entry.actor, entry.object) == (str(ada.user.public_id), f"session:{gone.pk}")
    assert mine.post(end(gone)).status_code == 404


def test_all_others_end_at_once(browsers: list[Client]) -> None:
    mine, *others = browsers
    assert mine.post(PAGE).status_code == 302
    assert mine.get("/app/").status_code == 200
    assert [one.get("/app/").status_code for one in others] == [302, 302]


def test_ones_own_session_can_be_ended_too(browsers: list[Client]) -> None:
    assert browsers[0].post(end(of(browsers[0]))).status_code == 302
    assert browsers[0].get("/app/").status_code == 302


def test_somebody_elses_session_is_as_if_it_were_not(
    browsers: list[Client], cal: User, browser: Browser
) -> None:
    outsider = browser(cal)
    answers = [outsider.post(path) for path in (end(of(browsers[0])), f"{PAGE}999999/end/")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert browser(None).post(end(of(browsers[0])))["Location"].startswith("/accounts/login/")
    assert [one.get("/app/").status_code for one in browsers] == [200, 200, 200]
    assert not AuditEntry.objects.filter(action="session.end").exists()


def test_ending_asks_for_a_fresh_proof(browsers: list[Client]) -> None:
    mine, other, _ = browsers
    session = mine.session
    for record in session["account_authentication_methods"]:
        record["at"] -= timedelta(minutes=6).total_seconds()
    session.save()
    for path in (end(of(other)), PAGE):
        assert "reauthenticate" in mine.post(path)["Location"]
    assert other.get("/app/").status_code == 200
