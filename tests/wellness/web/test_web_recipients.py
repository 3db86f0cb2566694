"""Coordinators see which recipients they have to tell of a withdrawal, and say that they did."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent.models import RecipientNotice
from wellness.consent.services import withdraw
from wellness.studies.models import Enrollment, Role, Site
from wellness.studies.services import add_member

Browser = Callable[[User | None], Client]
PAGE = "/console/harbour/recipients/"


@pytest.fixture
def notice(ada: Enrollment) -> RecipientNotice:
    """Ada withdrew, and her document names recipients in words only."""
    withdraw(enrollment=ada, now=timezone.now())
    return RecipientNotice.objects.get()


def told(notice: RecipientNotice) -> str:
    return f"{PAGE}{notice.public_id}/told/"


def test_a_coordinator_says_that_they_told_them(
    browser: Browser, notice: RecipientNotice, dot: User, cal: User
) -> None:
    client = browser(dot)
    body = client.get(PAGE).content.decode()
    assert "1 recipient has no address" in body and "whom you know as ada" in body
    assert told(notice) in body
    assert browser(cal).post(told(notice)).status_code == 404
    done = client.post(told(notice), follow=True).content.decode()
    assert "on record that you told them" in done and "Nobody has to be told now" in done
    assert "ada" not in re.findall(r"\w+", done)
    entry = AuditEntry.objects.get(action="recipient.told")
    assert (entry.actor, entry.reason) == (str(dot.public_id), "by hand")
    again = client.post(told(notice), follow=True).content.decode()
    assert "They have been told already." in again


def test_the_look_is_on_record(browser: Browser, notice: RecipientNotice, dot: User) -> None:
    browser(dot).get(PAGE)
    assert AuditEntry.objects.filter(action="view.recipients", actor=str(dot.public_id)).exists()


def test_outsiders_are_told_that_there_is_none(
    browser: Browser, notice: RecipientNotice, bea: User, cal: User, ada: Enrollment
) -> None:
    for user in (bea, cal, ada.user):
        assert browser(user).get(PAGE).status_code == 404
        assert browser(user).post(told(notice)).status_code == 404
    notice.refresh_from_db()
    assert notice.told_at is None


def test_who_coordinates_another_site_does_not_learn_of_it(
    browser: Browser, notice: RecipientNotice, ada: Enrollment
) -> None:
    elsewhere = factories.user("kai")
    site = Site.objects.create(study=ada.study, slug="island", name="Island")
    add_member(study=ada.study, user=elsewhere, role=Role.COORDINATOR, site=site)
    assert "ada" not in re.findall(r"\w+", browser(elsewhere).get(PAGE).content.decode())
    assert browser(elsewhere).post(told(notice)).status_code == 404


def test_an_overdue_one_is_marked(browser: Browser, notice: RecipientNotice, dot: User) -> None:
    assert "overdue" not in browser(dot).get(PAGE).content.decode()
    now = timezone.now()
    RecipientNotice.objects.update(withdrawn_at=now - timedelta(days=4), due_at=now)
    assert "overdue" in browser(dot).get(PAGE).content.decode()
