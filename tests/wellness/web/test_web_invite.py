"""Codes that a coordinator hands out: to somebody new, or again to somebody who is there."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from tests import factories
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent.services import withdraw
from wellness.lib.clock import utc_now
from wellness.studies.models import Enrollment, Invitation, Role, Site
from wellness.studies.services import add_member, add_site, register_device

Browser = Callable[[User | None], Client]
PAGE = "/console/harbour/people/invite/"
CODE = re.compile(r'tile-value">([^<]+)<')


@pytest.fixture
def south(ada: Enrollment) -> Site:
    """A second site of the study."""
    return add_site(study=ada.study, slug="south", name="South")


@pytest.fixture
def sue(south: Site) -> User:
    """A coordinator of the second site only."""
    made = factories.user("sue")
    add_member(study=south.study, user=made, role=Role.COORDINATOR, site=south)
    return made


def newcomer(**changes: object) -> dict[str, object]:
    return {"code": "noa", "zone": "Europe/Helsinki", "site": ""} | changes


def test_somebody_new_gets_a_code_that_registers_a_phone(
    ada: Enrollment, dot: User, browser: Browser
) -> None:
    answer = browser(dot).post(PAGE, newcomer())
    found = CODE.search(answer.content.decode())
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store" and found
    device, _ = register_device(code=found[1], platform="android", now=utc_now())
    assert (device.enrollment.code, device.enrollment.study) == ("noa", ada.study)
    acts = AuditEntry.objects.filter(chain=f"enrollment:{device.enrollment.public_id}").order_by("seq")
    by_dot = [one.action for one in acts if one.actor == str(dot.public_id)]
    assert by_dot == ["enrollment.create", "device.invite"]


def test_a_code_is_shown_once(ada: Enrollment, dot: User, browser: Browser) -> None:
    client = browser(dot)
    found = CODE.search(client.post(PAGE, {"enrollment": ada.public_id}).content.decode())
    assert found
    for path in (PAGE, "/console/harbour/people/"):
        assert found[1] not in client.get(path).content.decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"code": "ada"}, "already has a participant"),
        ({"code": " "}, "required"),
        ({"zone": "Atlantis"}, "zone"),
        ({"site": "999"}, "valid choice"),
    ],
)
def test_what_is_wrong_invites_nobody(
    change: dict[str, object], says: str, ada: Enrollment, dot: User, browser: Browser
) -> None:
    answer = browser(dot).post(PAGE, newcomer(**change))
    assert (answer.status_code, says in answer.content.decode()) == (422, True)
    assert not Invitation.objects.exists()
    assert Enrollment.objects.count() == 1


def test_only_coordinators_of_the_study_invite(
    ada: Enrollment, cal: User, bea: User, browser: Browser
) -> None:
    assert browser(None).get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"
    elsewhere = factories.staff(factories.study("upland"), "eli", Role.COORDINATOR)
    others = [factories.staff(ada.study, role, role) for role in Role.values if role != Role.COORDINATOR]
    for outsider in (cal, bea, ada.user, elsewhere, *others):
        client = browser(outsider)
        assert client.get(PAGE).status_code == 404
        assert client.post(PAGE, {"enrollment": ada.public_id}).status_code == 404
    assert "New code" not in browser(others[-2]).get("/console/harbour/people/").content.decode()
    assert not Invitation.objects.exists()


def test_a_coordinator_of_a_site_invites_to_it_alone(
    ada: Enrollment, south: Site, sue: User, browser: Browser
) -> None:
    client = browser(sue)
    assert client.post(PAGE, {"enrollment": ada.public_id}).status_code == 404
    assert ada.site
    for site in ("", ada.site.pk):
        assert client.post(PAGE, newcomer(site=site)).status_code == 422
    assert not Invitation.objects.exists()
    assert client.post(PAGE, newcomer(site=south.pk)).status_code == 200
    assert Enrollment.objects.get(code="noa").site == south


def test_nobody_who_left_is_invited(ada: Enrollment, dot: User, browser: Browser) -> None:
    client = browser(dot)
    assert "New code" in client.get("/console/harbour/people/").content.decode()
    withdraw(enrollment=ada, now=utc_now())
    assert "New code" not in client.get("/console/harbour/people/").content.decode()
    assert client.post(PAGE, {"enrollment": ada.public_id}).status_code == 404
    assert client.post(PAGE, {"enrollment": "ada"}).status_code == 404
    assert not Invitation.objects.exists()
