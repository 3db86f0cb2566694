"""Clinicians see calls for help of people who left, beside their caseload, and close them."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from coach.safety.models import LeftAlert
from coach.safety.services import raise_alert
from tests.wellness.web.conftest import add_days
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent.modes import ERASE, STOP
from wellness.consent.services import withdraw
from wellness.studies.models import Enrollment

Browser = Callable[[User | None], Client]


@pytest.fixture
def left(ada: Enrollment, bea: User) -> LeftAlert:
    """Ada called for help and left."""
    now = timezone.now()
    raise_alert(enrollment=ada, rule="answer", severity="imminent", source="answer:1", now=now)
    withdraw(enrollment=ada, now=now, mode=ERASE)
    return LeftAlert.objects.get()


def page(left: LeftAlert) -> str:
    return f"/clinic/left/{left.public_id}/"


def test_it_is_above_the_caseload_of_its_clinician_alone(
    browser: Browser, left: LeftAlert, bea: User, cal: User
) -> None:
    body = browser(bea).get("/clinic/").content.decode()
    assert "ada of harbour: open alert, imminent." in " ".join(body.split()).replace("Harbour", "harbour")
    assert page(left) in body
    assert page(left) not in browser(cal).get("/clinic/").content.decode()
    looks = AuditEntry.objects.filter(action="view.left_alerts").values_list("actor", "object", "purpose")
    assert list(looks) == [(str(bea.public_id), "study:harbour", "vital.interest")]


def test_it_is_acknowledged_and_closed(browser: Browser, left: LeftAlert, bea: User) -> None:
    client = browser(bea)
    client.post(page(left), {"act": "acknowledge"})
    assert "Seen by bea@example.org" in client.get("/clinic/").content.decode()
    refused = client.post(page(left), {"act": "close", "outcome": ""}, follow=True)
    assert "Say what became of the call for help." in refused.content.decode()
    closed = client.post(page(left), {"act": "close", "outcome": "handed_over"}, follow=True)
    assert "nothing of it is kept" in closed.content.decode()
    assert not LeftAlert.objects.exists()


def test_others_are_told_that_there_is_none(browser: Browser, left: LeftAlert, cal: User, dot: User) -> None:
    for user in (cal, dot):
        assert browser(user).post(page(left), {"act": "close", "outcome": "reached"}).status_code == 404
    assert LeftAlert.objects.get().acknowledged_at is None


def test_who_only_stopped_stays_on_the_caseload_while_their_call_is_open(
    browser: Browser, ada: Enrollment, bea: User
) -> None:
    add_days(ada, 3)
    withdraw(enrollment=ada, now=timezone.now(), mode=STOP)
    assert browser(bea).get("/clinic/").context["rows"] == []
    raise_alert(enrollment=ada, rule="answer", severity="low", source="answer:1", now=timezone.now())
    shown = browser(bea).get("/clinic/")
    assert [row.enrollment.code for row in shown.context["rows"]] == ["ada"]
    assert "<figure" not in shown.content.decode()
