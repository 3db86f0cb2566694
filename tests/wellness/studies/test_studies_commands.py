"""Commands that bring people in: staff by a link, participants by a code."""

import re
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from wellness.accounts.models import User
from wellness.lib.clock import utc_now
from wellness.studies.models import Enrollment, Membership, Study
from wellness.studies.services import recognise


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().strip()


def test_new_staff_get_a_link_to_set_their_password(study: Study) -> None:
    said = run(
        "add_staff", "Gil@Example.org", "--study", "harbour", "--role", "analyst", "--host", "testserver"
    )
    user = User.objects.get(email="gil@example.org")
    assert (Membership.objects.get(user=user).role, str(user) in said) == ("analyst", True)
    [message] = mail.outbox
    assert message.to == ["gil@example.org"]
    assert "harbour" not in (message.subject + message.body).lower()
    [path] = re.findall(r"http://testserver(/\S+)", message.body)
    client = Client()
    form = client.get(path, follow=True)
    words = {"password1": "three long words here", "password2": "three long words here"}
    client.post(form.redirect_chain[-1][0], words)
    assert (
        client.post(
            "/accounts/login/", {"login": "gil@example.org", "password": "three long words here"}
        ).status_code
        == 302
    )
    assert client.get("/")["Location"] == "/accounts/2fa/"


def test_who_has_an_account_gets_the_role_and_no_mail(study: Study, bea: User) -> None:
    run("add_staff", bea.email, "--study", "harbour", "--role", "coordinator")
    assert {one.role for one in Membership.objects.filter(user=bea)} == {"clinician", "coordinator"}
    assert mail.outbox == []


@pytest.mark.parametrize(
    "words",
    [("nowhere", "analyst", ""), ("harbour", "clinician", "south"), ("harbour", "clinician", "north")],
)
def test_a_role_that_cannot_be_given_leaves_nothing(
    words: tuple[str, str, str], study: Study, bea: User
) -> None:
    place, role, site = words
    with pytest.raises(CommandError):
        run(
            "add_staff",
            "bea@example.org",
            "--study",
            place,
            "--role",
            role,
            *(["--site", site] if site else []),
        )
    assert (User.objects.count(), Membership.objects.count()) == (1, 1)


def test_an_invitation_is_printed_and_opens(study: Study) -> None:
    code = run("invite", "harbour", "H-017", "--timezone", "Europe/Helsinki", "--site", "north")
    person = Enrollment.objects.get(code="H-017")
    assert recognise(code=code, now=utc_now()).enrollment == person
    assert len(run("invite", "harbour", "H-017", "--long")) > 40
    assert Enrollment.objects.count() == 1


@pytest.mark.parametrize(
    "words", [("nowhere", "X"), ("harbour", "X", "--site", "west"), ("harbour", "X", "--timezone", "Moon")]
)
def test_an_invitation_to_nowhere_is_refused(words: tuple[str, ...], study: Study) -> None:
    with pytest.raises(CommandError):
        run("invite", *words)
    assert not Enrollment.objects.exists()
