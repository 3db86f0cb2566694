"""Who may open which page."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from tests import factories
from wellness.accounts.models import User
from wellness.studies.models import Enrollment

Browser = Callable[[User | None], Client]


def pages(ada: Enrollment) -> dict[str, list[str]]:
    return {
        "ada": ["/app/", "/app/check-in/", "/app/data/"],
        "bea": ["/clinic/", f"/clinic/{ada.public_id}/"],
        "dot": ["/console/", "/console/harbour/"],
    }


@pytest.fixture
def people(ada: Enrollment, bea: User, dot: User, instruments: None) -> dict[str, User | None]:
    return {"ada": ada.user, "bea": bea, "dot": dot, "outsider": factories.user("outsider")}


@pytest.mark.parametrize("owner", ["ada", "bea", "dot"])
def test_pages_open_only_for_their_role(
    owner: str, ada: Enrollment, people: dict[str, User | None], browser: Browser
) -> None:
    for path in pages(ada)[owner]:
        anonymous = browser(None).get(path)
        assert anonymous.status_code == 302
        assert anonymous["Location"] == f"/accounts/login/?next={path}"
        for name, person in people.items():
            assert browser(person).get(path).status_code == (200 if name == owner else 404), (name, path)


def test_a_clinician_elsewhere_cannot_tell_ada_from_nobody(
    ada: Enrollment, cal: User, browser: Browser
) -> None:
    known = browser(cal).get(f"/clinic/{ada.public_id}/")
    unknown = browser(cal).get(f"/clinic/{uuid4()}/")
    assert known.status_code == unknown.status_code == 404
    assert known.content == unknown.content
    assert "ada" not in re.findall(r"\w+", browser(cal).get("/clinic/").content.decode())


def test_a_coordinator_elsewhere_cannot_tell_a_study_from_none(ada: Enrollment, browser: Browser) -> None:
    eli = factories.staff(factories.study("upland"), "eli", "coordinator")
    known, unknown = browser(eli).get("/console/harbour/"), browser(eli).get("/console/nowhere/")
    assert known.status_code == unknown.status_code == 404
    assert known.content == unknown.content


def test_a_clinician_of_another_site_does_not_see_her(ada: Enrollment, browser: Browser) -> None:
    from wellness.studies.services import add_member, add_site

    gil = factories.user("gil")
    add_member(
        study=ada.study, user=gil, role="clinician", site=add_site(study=ada.study, slug="s", name="South")
    )
    assert browser(gil).get(f"/clinic/{ada.public_id}/").status_code == 404


@pytest.mark.parametrize(("who", "home"), [("ada", "/app/"), ("bea", "/clinic/"), ("dot", "/console/")])
def test_home_sends_each_role_to_its_place(
    who: str, home: str, people: dict[str, User | None], browser: Browser
) -> None:
    response = browser(people[who]).get("/")
    assert (response.status_code, response["Location"]) == (302, home)


def test_home_asks_whoever_has_several_roles(ada: Enrollment, bea: User, browser: Browser) -> None:
    from wellness.studies.services import add_member

    add_member(study=ada.study, user=bea, role="coordinator")
    body = browser(bea).get("/").content.decode()
    assert "My caseload" in body
    assert "My studies" in body
    assert "has no role" in browser(factories.user("newcomer")).get("/").content.decode()


def test_help_needs_no_sign_in_and_every_page_links_to_it(ada: Enrollment, browser: Browser) -> None:
    assert "116 123" in browser(None).get("/help/").content.decode()
    assert 'href="/help/"' in browser(ada.user).get("/app/").content.decode()


def test_people_sign_in_by_email_and_password(ada: Enrollment) -> None:
    client, credentials = Client(), {"login": "ada@example.org", "password": factories.PASSWORD}
    wrong = client.post("/accounts/login/", credentials | {"password": "wrong"})
    assert wrong.status_code == 422
    assert "<title>Error:" in wrong.content.decode()
    right = client.post("/accounts/login/", credentials)
    assert (right.status_code, right["Location"]) == (302, "/")
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/app/").status_code == 302


def test_nobody_signs_up(db: None) -> None:
    body = Client().get("/accounts/signup/").content.decode()
    assert "join by invitation" in body
    assert "password" not in body
