"""Who works in a study, who cares for whom, what was opened in an emergency, and the record of it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.wellness.web.conftest import add_days
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.studies.models import Assignment, EmergencyAccess, Enrollment, Membership, Reach, Role
from wellness.studies.services import add_member
from wellness.work.kinds import drain

Browser = Callable[[User | None], Client]
REASON = "Her neighbour called: she may have fallen."
PAGES = {
    "people": ("coordinator", "administrator"),
    "team": ("administrator",),
    "reviews": ("administrator",),
    "audit": ("auditor",),
}


@pytest.fixture
def abe(ada: Enrollment) -> User:
    """A clinician of the study who sees only people assigned to him: nobody yet."""
    made = factories.user("abe")
    add_member(study=ada.study, user=made, role=Role.CLINICIAN, reach=Reach.ASSIGNED)
    return made


@pytest.fixture
def mel(ada: Enrollment) -> User:
    """An administrator of the study."""
    return factories.staff(ada.study, "mel", Role.ADMINISTRATOR)


@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_for_its_roles(
    page: str, ada: Enrollment, cal: User, bea: User, browser: Browser
) -> None:
    path = f"/console/harbour/{page}/"
    assert browser(None).get(path)["Location"] == f"/accounts/login/?next={path}"
    for role in Role.values:
        user = factories.staff(ada.study, f"{role}.{page}", role)
        assert browser(user).get(path).status_code == (200 if role in PAGES[page] else 404), role
        elsewhere = factories.user(f"{role}.elsewhere")
        add_member(study=cal.memberships.get().study, user=elsewhere, role=role)
        assert browser(elsewhere).get(path).status_code == 404
    for outsider in (cal, bea, ada.user):
        assert browser(outsider).get(path).status_code == 404


def test_assigning_shows_the_person_on_the_next_request(
    ada: Enrollment, abe: User, dot: User, browser: Browser
) -> None:
    add_days(ada, 3)
    clinic, console, person = browser(abe), browser(dot), f"/clinic/{ada.public_id}/"
    assert clinic.get(person).status_code == 404
    form = {"enrollment": ada.public_id, "clinician": abe.public_id, "act": "assign"}
    assert console.post("/console/harbour/people/", form).status_code == 302
    assert clinic.get(person).status_code == 200
    assert "abe@example.org" in console.get("/console/harbour/people/").content.decode()
    console.post("/console/harbour/people/", form | {"act": "unassign"})
    assert clinic.get(person).status_code == 404
    assert "ada" not in re.findall(r"\w+", clinic.get("/clinic/").content.decode())


def test_only_people_and_clinicians_of_the_study_are_assigned(
    ada: Enrollment, abe: User, cal: User, dot: User, browser: Browser
) -> None:
    ian = factories.enrollment(cal.memberships.get().study, "ian")
    console = browser(dot)
    for person, clinician in ((ian, abe), (ada, cal), (ada, dot)):
        form = {"enrollment": person.public_id, "clinician": clinician.public_id, "act": "assign"}
        assert console.post("/console/harbour/people/", form).status_code == 404
    assert console.post("/console/harbour/people/", {"act": "assign"}).status_code == 302
    assert not Assignment.objects.exists()


def test_the_people_page_tells_pseudonyms_and_no_health(ada: Enrollment, dot: User, browser: Browser) -> None:
    add_days(ada, 9, sleep__duration=123.0)
    body = browser(dot).get("/console/harbour/people/").content.decode()
    assert ">ada<" in body
    assert not any(word in body for word in ("ada@example.org", "2 h 3 min", "Sleep", "Mood", "%"))


def test_a_role_begins_and_ends_with_the_next_request(ada: Enrollment, mel: User, browser: Browser) -> None:
    ned, console = factories.user("ned"), browser(mel)
    opened = browser(ned)
    assert opened.get("/console/harbour/audit/").status_code == 404
    form = {"email": "Ned@example.org", "role": "auditor", "site": "", "reach": "site"}
    assert console.post("/console/harbour/team/", form).status_code == 302
    assert opened.get("/console/harbour/audit/").status_code == 200
    assert console.post("/console/harbour/team/", form).status_code == 422  # held already
    held = Membership.objects.get(user=ned)
    assert console.post("/console/harbour/team/", {"end": held.pk}).status_code == 302
    assert opened.get("/console/harbour/audit/").status_code == 404
    kept = AuditEntry.objects.filter(object=f"user:{ned.public_id}", action__startswith="membership")
    kept = kept.values_list("action", "actor")
    assert list(kept) == [("membership.add", str(mel.public_id)), ("membership.end", str(mel.public_id))]


def test_the_team_page_says_why_it_refuses(ada: Enrollment, mel: User, browser: Browser) -> None:
    console = browser(mel)
    body = console.post("/console/harbour/team/", {"email": "who@example.org", "role": "analyst"})
    assert (body.status_code, "No account has this address" in body.content.decode()) == (422, True)
    elsewhere = factories.staff(factories.study("upland"), "eli", Role.AUDITOR).memberships.get()
    assert console.post("/console/harbour/team/", {"end": elsewhere.pk}).status_code == 404
    assert console.post("/console/harbour/team/", {"end": "x"}).status_code == 404


def emergency(client: Client, **changes: str) -> object:
    form = {"study": "harbour", "code": "ada", "reason": REASON} | changes
    return client.post("/clinic/emergency/", form)


def test_an_emergency_opens_tells_and_is_judged(
    ada: Enrollment, abe: User, mel: User, browser: Browser
) -> None:
    add_days(ada, 9)
    clinic, console, person = browser(abe), browser(mel), f"/clinic/{ada.public_id}/"
    opened = emergency(clinic)
    assert (opened.status_code, opened["Location"]) == (302, person)  # type: ignore[attr-defined]
    assert "Opened in an emergency" in clinic.get(person).content.decode()
    assert "ada" not in re.findall(r"\w+", clinic.get("/clinic/").content.decode())
    looked = AuditEntry.objects.get(chain=f"enrollment:{ada.public_id}", action="view.participant")
    assert (looked.purpose, looked.on_behalf_of) == ("emergency", f"enrollment:{ada.public_id}")
    drain(timezone.now(), "emergency")
    assert ["mel@example.org"] in [message.to for message in mail.outbox]
    reviews = console.get("/console/harbour/reviews/").content.decode()
    assert REASON in reviews
    access = EmergencyAccess.objects.get()
    assert looked.reason == f"emergency_access:{access.public_id}"
    verdict = {"verdict": "unjustified"}
    console.post(f"/console/harbour/reviews/{access.public_id}/", verdict)
    assert clinic.get(person).status_code == 404
    assert "not justified" in console.get("/console/harbour/reviews/").content.decode()


@pytest.mark.parametrize("changes", [{"code": "nobody"}, {"reason": "urgent"}, {"study": "inland"}])
def test_an_emergency_is_refused_with_422(
    changes: dict[str, str], ada: Enrollment, abe: User, mel: User, browser: Browser
) -> None:
    answer = emergency(browser(abe), **changes)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert not EmergencyAccess.objects.exists()


def test_a_proof_that_is_not_fresh_is_asked_for_again(
    ada: Enrollment, abe: User, mel: User, browser: Browser
) -> None:
    client = browser(abe)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= timedelta(minutes=6).total_seconds()
    session.save()
    answer = emergency(client)
    assert answer.status_code == 302  # type: ignore[attr-defined]
    assert "reauthenticate" in answer["Location"]  # type: ignore[index]
    assert not EmergencyAccess.objects.exists()


def test_one_does_not_judge_ones_own(ada: Enrollment, abe: User, mel: User, browser: Browser) -> None:
    add_member(study=ada.study, user=abe, role=Role.ADMINISTRATOR)
    client = browser(abe)
    emergency(client)
    access = EmergencyAccess.objects.get()
    assert "somebody else has to judge it" in client.get("/console/harbour/reviews/").content.decode()
    client.post(f"/console/harbour/reviews/{access.public_id}/", {"verdict": "justified"})
    access.refresh_from_db()
    assert access.verdict == ""


def test_the_record_is_of_the_studys_people_and_reading_it_is_on_record(
    ada: Enrollment, bea: User, browser: Browser
) -> None:
    ivy = factories.staff(ada.study, "ivy", Role.AUDITOR)
    factories.enrollment(factories.study("inland"), "ian")
    browser(bea).get(f"/clinic/{ada.public_id}/")
    client = browser(ivy)
    body = client.get("/console/harbour/audit/").content.decode()
    assert "view.participant" in body and str(bea.public_id) in body and "ada #" in body
    assert ">ian" not in body and "ada@example.org" not in body and "bea@example.org" not in body
    assert "No entries" in client.get("/console/harbour/audit/?person=ian").content.decode()
    assert AuditEntry.objects.filter(action="view.record", actor=str(ivy.public_id)).count() == 2
