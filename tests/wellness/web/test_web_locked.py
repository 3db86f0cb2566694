"""Data that stay locked after somebody left: who opens them, with what, and what is kept of the look."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from tests import factories
from tests.factories.life import AFTER, lived
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent.modes import HOLD, SECTION
from wellness.consent.services import withdraw
from wellness.consent.validity import SECTIONS
from wellness.studies.models import Enrollment, Role, Study
from wellness.studies.services import add_member, add_site

Browser = Callable[[User | None], Client]
PAGE = "/console/harbour/locked/"
WHY = "Inspection 2026-17 asks for this record."


@pytest.fixture
def bo(study: Study) -> Enrollment:
    """Somebody who left and whose document keeps their data for inspections."""
    body = {name: f"About {name}." for name in SECTIONS} | {SECTION: HOLD}
    factories.consent_document(study, body=body)
    person = factories.enrollment(study, "bo")
    factories.agree_to_everything(person)
    lived(person)
    withdraw(enrollment=person, now=AFTER + timedelta(minutes=1), mode=HOLD)
    return person


@pytest.fixture
def reg(study: Study) -> User:
    """A regulator of the study."""
    return factories.staff(study, "reg", Role.REGULATOR)


def looks(person: Enrollment) -> list[tuple[str, str]]:
    found = AuditEntry.objects.filter(chain=f"enrollment:{person.public_id}", action="hold.open")
    return list(found.order_by("seq").values_list("outcome", "reason"))


def test_a_regulator_opens_a_record_with_a_reason(bo: Enrollment, reg: User, browser: Browser) -> None:
    client = browser(reg)
    assert client.get("/")["Location"] == "/console/"
    assert PAGE in client.get("/console/").content.decode()
    assert '<h2 id="person-1">bo</h2>' in client.get(PAGE).content.decode()
    assert looks(bo) == []
    answer = client.post(PAGE, {"enrollment": bo.public_id, "reason": WHY})
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert answer["Content-Disposition"] == 'attachment; filename="harbour-bo.json"'
    found = json.loads(answer.content)
    assert found["days"] and found["answers"] and found["consent"]
    assert "bo@example.org" not in answer.content.decode()
    assert looks(bo) == [("done", WHY)]


def test_without_a_reason_nothing_opens(bo: Enrollment, reg: User, browser: Browser) -> None:
    answer = browser(reg).post(PAGE, {"enrollment": bo.public_id, "reason": " because "})
    assert (answer.status_code, "Say in a sentence" in answer.content.decode()) == (422, True)
    assert looks(bo) == [("refused", "because")]


def test_only_regulators_of_the_study_and_site_see_whose_data_are_locked(
    bo: Enrollment, cal: User, browser: Browser
) -> None:
    assert browser(None).get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"
    others = [factories.staff(bo.study, role, role) for role in Role.values if role != Role.REGULATOR]
    elsewhere = factories.staff(factories.study("upland"), "una", Role.REGULATOR)
    for outsider in (cal, bo.user, elsewhere, *others):
        client = browser(outsider)
        assert client.get(PAGE).status_code == 404
        assert client.post(PAGE, {"enrollment": bo.public_id, "reason": WHY}).status_code == 404
    south = factories.user("sid")
    add_member(
        study=bo.study,
        user=south,
        role=Role.REGULATOR,
        site=add_site(study=bo.study, slug="south", name="South"),
    )
    assert "locked</strong>" in browser(south).get(PAGE).content.decode()
    assert browser(south).post(PAGE, {"enrollment": bo.public_id, "reason": WHY}).status_code == 404
    assert looks(bo) == []


@pytest.mark.anew  # after bo, whose document is the first
def test_who_is_not_locked_is_as_if_they_were_not(
    bo: Enrollment, ada: Enrollment, reg: User, browser: Browser
) -> None:
    client = browser(reg)
    assert "ada" not in re.findall(r"\w+", client.get(PAGE).content.decode())
    for named in (ada.public_id, uuid4(), "bo"):
        assert client.post(PAGE, {"enrollment": named, "reason": WHY}).status_code == 404
    assert looks(ada) == []


def test_opening_asks_for_a_fresh_proof(bo: Enrollment, reg: User, browser: Browser) -> None:
    client = browser(reg)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= timedelta(minutes=6).total_seconds()
    session.save()
    answer = client.post(PAGE, {"enrollment": bo.public_id, "reason": WHY})
    assert "reauthenticate" in answer["Location"]
    assert looks(bo) == []
