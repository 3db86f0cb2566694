"""Recipients of data are told of a withdrawal within 72 hours, or somebody is alarmed."""

import logging
import re
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.test import Client

from tests import factories
from tests.factories import JOINED_AT
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.audit.services import enrollment_chain
from wellness.consent.documents import Terms
from wellness.consent.erasure import job
from wellness.consent.models import RecipientNotice
from wellness.consent.modes import ERASE, STOP
from wellness.consent.purposes import EXPORT_IDENTIFIED, INTERVENE, SHARE_CAREGIVER
from wellness.consent.recipients import KIND, WITHIN
from wellness.consent.services import withdraw
from wellness.consent.telling import told_by_hand
from wellness.consent.validity import SECTIONS
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Study
from wellness.work.kinds import drain

pytestmark = pytest.mark.anew
LEFT_AT = JOINED_AT + timedelta(days=30)
LAB, HOME = "The sleep laboratory <lab@example.net>", "The nursing home on the hill"


@pytest.fixture
def study(db: None) -> Study:
    """Its document names a laboratory with an address and a home without."""
    made = factories.study()
    terms = {EXPORT_IDENTIFIED: Terms(recipients=f"{LAB}; {HOME}"), SHARE_CAREGIVER: Terms(recipients=HOME)}
    factories.consent_document(made, terms=terms)
    return made


@pytest.fixture
def ada(study: Study) -> Enrollment:
    made = factories.enrollment(study)
    factories.agree_to_everything(made)
    return made


def leave(ada: Enrollment, **how: object) -> dict[str, RecipientNotice]:
    withdraw(enrollment=ada, now=LEFT_AT, **how)  # type: ignore[arg-type]
    return {one.recipient: one for one in RecipientNotice.objects.all()}


def acts(ada: Enrollment, name: str) -> list[str]:
    chain = AuditEntry.objects.filter(chain=enrollment_chain(ada.public_id), action=name)
    return list(chain.order_by("seq").values_list("reason", flat=True))


def test_all_whom_the_switches_name_are_due_in_the_withdrawal(ada: Enrollment) -> None:
    found = leave(ada)
    assert found.keys() == {LAB, HOME}
    assert {one.due_at - one.withdrawn_at for one in found.values()} == {WITHIN} == {timedelta(hours=72)}
    assert {one.by_hand for one in found.values()} == {True, False}
    assert {scope[0] for scope in found[LAB].scopes} == {EXPORT_IDENTIFIED}
    assert {scope[0] for scope in found[HOME].scopes} == {EXPORT_IDENTIFIED, SHARE_CAREGIVER}
    assert len(acts(ada, "recipient.due")) == 2


def test_a_withdrawal_that_is_undone_tells_nobody(ada: Enrollment) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        leave(ada)
        raise ZeroDivisionError
    assert not RecipientNotice.objects.exists()


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        ([(SHARE_CAREGIVER, "gps")], {HOME}),
        ([(EXPORT_IDENTIFIED, "gps")], {LAB, HOME}),
        ([("store", "gps")], {LAB, HOME}),  # what rests on it goes with it
        ([(INTERVENE, "gps")], set()),
    ],
)
def test_only_those_whom_it_concerns_are_told(
    scopes: list[tuple[str, str]], told: set[str], ada: Enrollment
) -> None:
    found = leave(ada, scopes=scopes)
    assert found.keys() == told
    assert all({stream for _, stream in one.scopes} == {"gps"} for one in found.values())


def test_who_leaves_for_good_has_all_told_again(ada: Enrollment) -> None:
    leave(ada, scopes=[(SHARE_CAREGIVER, "gps")])
    withdraw(enrollment=ada, now=LEFT_AT + timedelta(days=1), mode=ERASE)
    told = [one.recipient for one in RecipientNotice.objects.filter(mode=ERASE).order_by("recipient")]
    assert told == [HOME, LAB]


def test_an_address_is_written_to_by_the_name_that_it_knows(ada: Enrollment) -> None:
    leave(ada, mode=STOP)
    drain(LEFT_AT, KIND)
    (sent,) = [one for one in mail.outbox if one.to == ["lab@example.net"]]
    assert "harbour" in sent.body and " ada " in sent.body and "position" in sent.body
    assert ada.user
    assert ada.user.email not in sent.body + sent.subject
    lab = RecipientNotice.objects.get(recipient=LAB)
    assert (lab.told_at, lab.pseudonym, lab.told_by) == (LEFT_AT, "", None)
    assert acts(ada, "recipient.told") == ["by e-mail"]
    drain(LEFT_AT + timedelta(days=9), KIND)
    assert [one.to for one in mail.outbox].count(["lab@example.net"]) == 1


def test_staff_tell_who_has_no_address(ada: Enrollment, dot: User) -> None:
    home = leave(ada)[HOME]
    drain(LEFT_AT, KIND)
    (asked,) = [one for one in mail.outbox if one.to == [dot.email]]
    assert "/console/harbour/recipients/" in asked.body and "ada" not in re.findall(r"\w+", asked.body)
    told_by_hand(notice=home, by=dot, now=LEFT_AT + timedelta(hours=5))
    home.refresh_from_db()
    assert (home.told_by, home.pseudonym) == (dot, "")
    with pytest.raises(Refusal, match="told already"):
        told_by_hand(notice=home, by=dot, now=LEFT_AT + timedelta(hours=6))


def _fails(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def send(message: EmailMessage, fail_silently: bool = False) -> int:
        if message.to == ["lab@example.net"]:
            raise error
        return 1

    monkeypatch.setattr(EmailMessage, "send", send)


def test_mail_that_is_away_is_tried_for_as_long_as_it_takes(
    ada: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = leave(ada)[LAB]
    with monkeypatch.context() as away:
        _fails(away, SMTPServerDisconnected("later"))
        for minutes in range(0, 40, 2):
            drain(LEFT_AT + timedelta(minutes=minutes), KIND)
    lab.refresh_from_db()
    assert (lab.told_at, lab.attempts, lab.last_error, lab.pseudonym) == (None, 0, "mail_unavailable", "ada")
    drain(LEFT_AT + timedelta(hours=1), KIND)
    lab.refresh_from_db()
    assert lab.told_at is not None


def test_an_address_that_is_refused_becomes_a_task_of_staff(
    ada: Enrollment, dot: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = leave(ada)[LAB]
    _fails(monkeypatch, SMTPRecipientsRefused({}))
    drain(LEFT_AT, KIND)
    lab.refresh_from_db()
    assert (lab.by_hand, lab.told_at) == (True, None)


def test_who_is_not_told_in_time_raises_an_alarm(
    ada: Enrollment, dot: User, client: Client, caplog: pytest.LogCaptureFixture, settings: object
) -> None:
    settings.PRIVACY_OFFICERS = ["officer@example.org"]  # type: ignore[attr-defined]
    leave(ada)
    assert not RecipientNotice.objects.overdue(LEFT_AT + WITHIN - timedelta(seconds=1)).exists()
    drain(LEFT_AT, KIND)
    assert ["officer@example.org"] not in [one.to for one in mail.outbox]
    with caplog.at_level(logging.ERROR):
        drain(LEFT_AT + WITHIN, KIND)
    assert "nobody was told in time" in caplog.text
    assert ["officer@example.org"] in [one.to for one in mail.outbox]
    assert client.get("/health/ready").json()["recipients"] == "failed"  # today is later still
    told_by_hand(notice=RecipientNotice.objects.get(recipient=HOME), by=dot, now=LEFT_AT + WITHIN)
    assert client.get("/health/ready").json()["recipients"] == "ok"


@pytest.mark.parametrize(
    ("section", "told"),
    [("None.", 0), ("Nobody.", 0), ("The state archive.", 1), ("The archive. Ask us at we@example.net.", 1)],
)
def test_the_section_counts_where_no_switch_names_anybody(section: str, told: int, db: None) -> None:
    study = factories.study("inland")
    body = {name: f"About {name}." for name in SECTIONS} | {"recipients": section}
    factories.consent_document(study, body=body)
    cal = factories.enrollment(study, "cal")
    factories.agree_to_everything(cal)
    withdraw(enrollment=cal, now=LEFT_AT)
    found = [(one.recipient, one.by_hand) for one in RecipientNotice.objects.all()]
    assert found == [(section, True)] * told


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [("lab@example.net.", False), ("One <one@example.net>, two@example.net", True), ("lab @ example", True)],
)
def test_only_a_single_address_is_written_to(name: str, by_hand: bool, db: None) -> None:
    study = factories.study("inland")
    factories.consent_document(study, terms={SHARE_CAREGIVER: Terms(recipients=name)})
    cal = factories.enrollment(study, "cal")
    factories.agree_to_everything(cal)
    withdraw(enrollment=cal, now=LEFT_AT, scopes=[(SHARE_CAREGIVER, "gps")])
    assert [one.by_hand for one in RecipientNotice.objects.all()] == [by_hand]


def test_a_personal_study_has_only_addresses_told(db: None) -> None:
    study = factories.study("inland", kind=Study.Kind.PERSONAL)
    factories.consent_document(study, terms={SHARE_CAREGIVER: Terms(recipients=f"{LAB}; {HOME}")})
    cal = factories.enrollment(study, "cal")
    factories.agree_to_everything(cal)
    withdraw(enrollment=cal, now=LEFT_AT)
    assert [one.recipient for one in RecipientNotice.objects.all()] == [LAB]


def test_what_is_still_to_be_told_outlives_an_erasure_without_leading_to_the_person(
    ada: Enrollment, dot: User
) -> None:
    leave(ada, mode=ERASE)
    drain(LEFT_AT, job.KIND)
    home = RecipientNotice.objects.get(recipient=HOME)
    assert (home.enrollment, home.pseudonym) == (None, "ada")
    told_by_hand(notice=home, by=dot, now=LEFT_AT)
    assert not RecipientNotice.objects.exclude(pseudonym="").filter(recipient=HOME).exists()
    assert AuditEntry.objects.filter(chain="system", action="recipient.told").exists()


@pytest.mark.parametrize(
    "wrong", [{"recipient": ""}, {"told_at": LEFT_AT}, {"pseudonym": ""}, {"due_at": LEFT_AT}]
)
def test_a_row_says_whom_and_of_whom(wrong: dict[str, object], ada: Enrollment) -> None:
    home = leave(ada)[HOME]
    with pytest.raises(IntegrityError), transaction.atomic():
        RecipientNotice.objects.filter(pk=home.pk).update(**wrong)
