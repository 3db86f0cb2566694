"""Who stops sharing with clinicians is gone from the next request on, whatever pages are open."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from coach.safety.services import raise_alert
from tests import factories
from tests.factories import coaching
from tests.wellness.web.conftest import add_days
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent.services import withdraw
from wellness.studies.models import Enrollment

Browser = Callable[[User | None], Client]
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/clinic/"}
# What only ada's data say: sleep and mood of the last day, charts, how long she takes part.
TELLING = (
    "3 h 21 min",
    "9.4 of 10",
    "far below usual",
    "<figure",
    '<svg class="spark',
    "study day",
    "checked in on",
)


@pytest.fixture
def zoe(ada: Enrollment) -> Enrollment:
    """Another person, who shares everything and has sent nothing yet."""
    made = factories.enrollment(ada.study, "zoe")
    factories.agree_to_everything(made)
    return made


@pytest.fixture
def open_pages(ada: Enrollment, bea: User, browser: Browser, zoe: Enrollment) -> dict[str, Callable[[], str]]:
    """Everything of a clinician's that could show ada, as a function that asks for it again."""
    add_days(ada, 30, sleep__duration=201.0, survey__mood=9.4)
    coaching.rule(ada.study, **coaching.ALWAYS)
    client, person = browser(bea), f"/clinic/{ada.public_id}/"
    paths = ["/clinic/", "/clinic/?q=ada", "/clinic/?show=changed", "/clinic/?show=attention&sort=change"]
    paths += [person, f"{person}?days=56", f"{person}?days=84"]
    pages = {path: lambda path=path: client.get(path).content.decode() for path in paths}
    parts = {
        f"part of {path}": lambda path=path: client.get(path, **HTMX).content.decode() for path in paths[:4]
    }
    return pages | parts


def test_the_next_request_shows_nothing_of_her(
    ada: Enrollment, open_pages: dict[str, Callable[[], str]]
) -> None:
    before = {path: ask() for path, ask in open_pages.items()}
    assert {word for word in TELLING for body in before.values() if word in body} == set(TELLING)
    assert all("far below usual" in body for body in before.values())
    withdraw(enrollment=ada, now=timezone.now(), scopes=[("share.clinician", "*")])
    for path, ask in open_pages.items():
        body = ask()
        assert [word for word in TELLING if word in body] == [], path
        assert str(ada.public_id) not in body, path


def test_counts_leave_her_out(ada: Enrollment, bea: User, browser: Browser, zoe: Enrollment) -> None:
    add_days(ada, 30, sleep__duration=201.0)
    client = browser(bea)
    counts = ("n_people", "n_attention", "n_alerts")
    assert client.get("/clinic/").context["n_people"] == 2
    withdraw(enrollment=ada, now=timezone.now(), scopes=[("share.clinician", "*")])
    context = client.get("/clinic/").context
    assert [context[name] for name in counts] == [1, 1, 0]
    assert [row.enrollment.code for row in context["rows"]] == ["zoe"]
    assert "share nothing with you now: ada." in client.get("/clinic/").content.decode()


def test_an_open_call_for_help_stays_and_nothing_else(ada: Enrollment, bea: User, browser: Browser) -> None:
    add_days(ada, 30, sleep__duration=201.0)
    raise_alert(enrollment=ada, rule="answer", severity="imminent", source="answer:1", now=timezone.now())
    withdraw(enrollment=ada, now=timezone.now(), scopes=[("share.clinician", "*")])
    for path in ("/clinic/", f"/clinic/{ada.public_id}/"):
        body = browser(bea).get(path).content.decode()
        assert "mminent" in body
        assert not any(word in body for word in TELLING), path


def test_part_of_a_revocation_hides_that_part(ada: Enrollment, bea: User, browser: Browser) -> None:
    add_days(ada, 30, survey__mood=9.4, sleep__duration=201.0)
    page = f"/clinic/{ada.public_id}/"
    withdraw(enrollment=ada, now=timezone.now(), scopes=[("share.clinician", "survey")])
    body = browser(bea).get(page).content.decode()
    assert "9.4 of 10" not in body
    assert "3 h 21 min" in body


def test_what_is_shown_is_recorded_also_when_it_is_nothing(
    ada: Enrollment, bea: User, browser: Browser
) -> None:
    withdraw(enrollment=ada, now=timezone.now(), scopes=[("share.clinician", "*")])
    browser(bea).get(f"/clinic/{ada.public_id}/")
    assert AuditEntry.objects.filter(action="view.participant", actor=str(bea.public_id)).count() == 1


def test_of_who_left_the_board_keeps_only_their_number(ada: Enrollment, dot: User, browser: Browser) -> None:
    add_days(ada, 9)
    client = browser(dot)
    assert ">ada<" in client.get("/console/harbour/").content.decode()
    withdraw(enrollment=ada, now=timezone.now())
    board = client.get("/console/harbour/")
    assert ">ada<" not in board.content.decode()
    assert {step.name: step.n for step in board.context["funnel"]}["Withdrawn"] == 1
    assert board.context["matrix"].rows == []
