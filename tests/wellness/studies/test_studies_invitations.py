"""Short codes: single-use, expiring, and dead after five wrong guesses."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry, Outcome
from wellness.audit.services import enrollment_chain
from wellness.lib.clock import utc_now
from wellness.lib.ids import secret_digest
from wellness.studies.models import Enrollment, Invitation, Study
from wellness.studies.services import InvitationRefused, enroll, invite, recognise, register_device, take_part
from wellness.studies.services.invitation import ALPHABET, _keyed

Answer = Callable[[str], tuple[int, bytes]]


@pytest.fixture
def newcomer(study: Study) -> Enrollment:
    """Somebody who is expected and has no account yet."""
    return enroll(study=study, code="new", zone="Europe/Helsinki", now=utc_now(), site=study.sites.get())


@pytest.fixture
def code(newcomer: Enrollment) -> str:
    return invite(enrollment=newcomer, now=utc_now(), short=True)


def wrong(code: str, n: int) -> str:
    """Another code aimed at the same invitation."""
    return code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1 + n) % len(ALPHABET)]


def join(client: Client, code: str, email: str = "new@example.org"):
    return client.post("/join/", {"code": code, "email": email})


def mailed_code() -> str:
    [found] = re.findall(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", mail.outbox[-1].body, re.MULTILINE)
    return found


def test_a_short_code_is_grouped_and_unmistakable(code: str) -> None:
    assert re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}", code)
    assert not set("01ILOU") & set(ALPHABET)


@pytest.mark.parametrize(
    "write", [str, str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "]
)
def test_it_may_be_written_as_people_write(
    write: Callable[[str], str], code: str, newcomer: Enrollment
) -> None:
    assert recognise(code=write(code), now=utc_now()).enrollment == newcomer


def test_it_registers_one_phone(code: str, newcomer: Enrollment) -> None:
    device, _ = register_device(code=code, platform="ios", now=utc_now())
    assert device.enrollment == newcomer
    with pytest.raises(InvitationRefused):
        register_device(code=code, platform="ios", now=utc_now())


def test_it_lasts_two_days(code: str) -> None:
    assert recognise(code=code, now=utc_now() + timedelta(hours=47))
    with pytest.raises(InvitationRefused):
        recognise(code=code, now=utc_now() + timedelta(hours=48, seconds=1))


def test_the_database_does_not_tell_it(code: str) -> None:
    row = Invitation.objects.get()
    bare = code.replace("-", "")
    assert row.code_digest not in {secret_digest(bare), secret_digest(code)}
    assert row.handle == bare[:3]


def test_five_wrong_guesses_kill_it_and_are_recorded(code: str, newcomer: Enrollment) -> None:
    for n in range(5):
        with pytest.raises(InvitationRefused):
            recognise(code=wrong(code, n), now=utc_now())
    with pytest.raises(InvitationRefused):
        recognise(code=code, now=utc_now())
    entries = AuditEntry.objects.filter(chain=enrollment_chain(newcomer.public_id), action="device.register")
    assert [entry.outcome for entry in entries] == [Outcome.REFUSED] * 6


def test_four_wrong_guesses_do_not(code: str) -> None:
    for n in range(4):
        with pytest.raises(InvitationRefused):
            recognise(code=wrong(code, n), now=utc_now())
    assert [recognise(code=code, now=utc_now()).tries for _ in range(3)] != []


def test_guesses_at_one_invitation_leave_the_others(code: str, ada: Enrollment) -> None:
    other = invite(enrollment=ada, now=utc_now(), short=True)
    for n in range(9):
        with pytest.raises(InvitationRefused):
            recognise(code=wrong(code, n), now=utc_now())
    assert recognise(code=other, now=utc_now()).enrollment == ada


def _over_the_api(code: str) -> tuple[int, bytes]:
    body = {"code": code, "platform": "ios"}
    answer = Client().post("/api/v1/devices", body, content_type="application/json")
    return answer.status_code, answer.content


def _on_the_page(code: str) -> tuple[int, bytes]:
    answer = join(Client(), code)
    body = re.sub(rb'(?<=value=")[^"]*|(?<="X-CSRFToken": ")\w+', b"", answer.content)
    return answer.status_code, body


@pytest.mark.parametrize("answer", [_over_the_api, _on_the_page])
def test_unknown_used_expired_and_exhausted_codes_get_the_same_answer(
    answer: Answer, code: str, newcomer: Enrollment
) -> None:
    expired = invite(enrollment=newcomer, now=utc_now() - timedelta(days=3), short=True)
    used = invite(enrollment=newcomer, now=utc_now(), short=True)
    register_device(code=used, platform="ios", now=utc_now())
    for n in range(5):
        with pytest.raises(InvitationRefused):
            recognise(code=wrong(code, n), now=utc_now())
    answers = {answer(one) for one in (code, expired, used, "2222-2222", "no code at all", "x" * 43)}
    assert len(answers) == 1
    assert next(iter(answers))[0] in {403, 422}


def test_too_many_wrong_codes_from_one_place_are_one_answer_whatever_it_says(
    code: str, settings, newcomer: Enrollment
) -> None:
    settings.JOIN_FAILURES_PER_HOUR = 2
    forged = [Client(headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(4)]
    assert [join(client, "2222-2222").status_code for client in forged] == [422, 422, 429, 429]
    assert join(Client(), code).status_code == 429


def test_joining_makes_an_account_whose_address_is_proven(code: str, newcomer: Enrollment) -> None:
    client = Client()
    response = join(client, code, "New@Example.org")
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/code/confirm/")
    newcomer.refresh_from_db()
    assert newcomer.user is None
    assert mail.outbox[-1].to == ["new@example.org"]
    client.post("/accounts/login/code/confirm/", {"code": mailed_code()})
    newcomer.refresh_from_db()
    assert newcomer.user == User.objects.get(email="new@example.org")
    assert client.get("/app/").status_code == 200
    assert not Invitation.objects.open(utc_now()).exists()


def test_somebody_elses_address_brings_nothing_without_their_code(
    code: str, newcomer: Enrollment, ada: Enrollment
) -> None:
    assert ada.user
    client, stranger = Client(), Client()
    known, unknown = join(client, code, ada.user.email), join(stranger, code, "nobody@example.org")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    client.post("/accounts/login/code/confirm/", {"code": "000000"})
    assert client.get("/app/").status_code == 302
    newcomer.refresh_from_db()
    assert newcomer.user is None


def test_somebody_signed_in_joins_at_once_and_only_a_free_place(code: str, newcomer: Enrollment) -> None:
    client = Client()
    client.force_login(factories.user("eva"))
    assert client.post("/join/", {"code": code}).status_code == 302
    newcomer.refresh_from_db()
    assert newcomer.user and newcomer.user.email == "eva@example.org"
    again, other = invite(enrollment=newcomer, now=utc_now(), short=True), Client()
    other.force_login(factories.user("fay"))
    assert other.post("/join/", {"code": again}).status_code == 422


@pytest.mark.parametrize("short", [True, False])
def test_a_new_code_ends_the_earlier_ones_of_the_person_alone(
    short: bool, code: str, newcomer: Enrollment, ada: Enrollment
) -> None:
    theirs = invite(enrollment=ada, now=utc_now(), short=True)
    new = invite(enrollment=newcomer, now=utc_now(), short=short)
    with pytest.raises(InvitationRefused):
        recognise(code=code, now=utc_now())
    assert recognise(code=new, now=utc_now()).enrollment == newcomer
    assert recognise(code=theirs, now=utc_now()).enrollment == ada
    assert Invitation.objects.open(utc_now()).count() == 2
    acts = AuditEntry.objects.filter(action="device.invite", chain=enrollment_chain(newcomer.public_id))
    reasons = list(acts.order_by("seq").values_list("reason", flat=True))
    assert reasons == ["", "in the place of an earlier code"]


def test_nobody_takes_part_twice_in_a_study(ada: Enrollment, newcomer: Enrollment) -> None:
    assert ada.user
    code = invite(enrollment=newcomer, now=utc_now())
    with pytest.raises(InvitationRefused):
        take_part(invitation=recognise(code=code, now=utc_now()), user=ada.user, now=utc_now())
    assert recognise(code=code, now=utc_now())


@given(st.text(max_size=100))
def test_any_text_is_a_code_or_refused(text: str) -> None:
    assert len(_keyed(text)) == 64
