"""The admin: for operators with a second factor, to look at what is set up."""

import re

import pytest
from django.apps import apps
from django.test import Client

from tests import factories
from wellness.accounts.models import User
from wellness.studies.models import Enrollment, Membership, Study
from wellness.web.operators import site

PAGES = (
    "/admin/",
    "/admin/wellness_studies/",
    "/admin/wellness_studies/study/",
    "/admin/wellness_studies/membership/",
)


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ops@example.org", factories.PASSWORD))
    return client


@pytest.mark.parametrize("path", PAGES)
def test_an_operator_sees_what_is_set_up_and_nobody_by_name(
    path: str, operator: Client, ada: Enrollment, bea: User
) -> None:
    response = operator.get(path)
    page = response.content.decode()
    assert response.status_code == 200
    assert "ada" not in re.findall(r"\w+", page)
    assert "bea@example.org" not in page
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>|\sstyle=|\son[a-z]+=", page)


def test_one_row_can_be_looked_at_and_nothing_changed(operator: Client, study: Study, bea: User) -> None:
    path = f"/admin/wellness_studies/study/{study.pk}/change/"
    assert "Harbour" in operator.get(path).content.decode()
    assert operator.post(path, {"name": "Other"}).status_code == 403
    for gone in ("/admin/wellness_studies/study/add/", f"/admin/wellness_studies/study/{study.pk}/delete/"):
        assert operator.post(gone, {"post": "yes"}).status_code == 404
    study.refresh_from_db()
    assert (study.name, Membership.objects.count()) == ("Harbour", 1)


@pytest.mark.parametrize("path", PAGES)
def test_others_cannot_tell_that_there_is_an_admin(path: str, ada: Enrollment, bea: User, cal: User) -> None:
    for user in (ada.user, bea, cal):
        client = Client()
        client.force_login(user)
        assert client.get(path, follow=True).status_code == 404
    assert Client().get(path, follow=True).redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")


def test_an_operator_without_a_second_factor_is_sent_to_set_one_up(db: None) -> None:
    User.objects.create_superuser("ops@example.org", factories.PASSWORD)
    client = Client()
    client.post("/accounts/login/", {"login": "ops@example.org", "password": factories.PASSWORD})
    assert client.get("/admin/")["Location"] == "/accounts/2fa/"


def test_nothing_else_is_shown() -> None:
    assert {model.__name__ for model in site._registry} == {"Study", "Site", "Membership", "Protocol"}
    assert apps.is_installed("django.contrib.admin")
