"""Opening a record in an emergency: who may, for how long, who is told, and who judges."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from tests import factories
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent.emergency import LASTS, judge, open_record, reason_of
from wellness.consent.services import withdraw
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import EmergencyAccess, Enrollment, Membership, Reach, Role
from wellness.studies.services import add_member
from wellness.work.kinds import drain

REASON = "Her neighbour called: she may have taken pills."


@pytest.fixture
def abe(ada: Enrollment) -> User:
    """A clinician of the study who has nobody assigned."""
    made = factories.user("abe")
    add_member(study=ada.study, user=made, role=Role.CLINICIAN, reach=Reach.ASSIGNED)
    return made


@pytest.fixture
def mel(ada: Enrollment) -> User:
    """The only administrator of the study."""
    Membership.objects.filter(study=ada.study, role=Role.ADMINISTRATOR).delete()  # those of the factories
    return factories.staff(ada.study, "mel", Role.ADMINISTRATOR)


def sees(user: User) -> bool:
    return Enrollment.objects.visible_to(user, Role.CLINICIAN).exists()


def refusal(ada: Enrollment, user: User, reason: str = REASON) -> str:
    """The code that opening is refused with, having changed nothing."""
    with pytest.raises(Refusal) as refused:
        open_record(enrollment=ada, user=user, reason=reason, now=timezone.now())
    assert not EmergencyAccess.objects.exists()
    assert not sees(user)
    return refused.value.code


def test_a_record_is_open_for_four_hours(ada: Enrollment, abe: User, mel: User) -> None:
    assert not sees(abe)
    now = timezone.now()
    access = open_record(enrollment=ada, user=abe, reason=REASON, now=now)
    assert access.expires_at - now == LASTS == timedelta(hours=4)
    assert open_record(enrollment=ada, user=abe, reason=REASON, now=now + timedelta(hours=1)) == access
    for hours, seen in ((0.01, True), (3.99, True), (4, False), (9, False)):
        with time_machine.travel(now + timedelta(hours=hours), tick=False):
            assert sees(abe) is seen, hours
    assert not Enrollment.objects.in_care_of(abe, Role.CLINICIAN).exists()


def test_it_is_on_record_and_only_its_sealed_words_say_why(ada: Enrollment, abe: User, mel: User) -> None:
    access = open_record(enrollment=ada, user=abe, reason=REASON, now=timezone.now())
    entry = AuditEntry.objects.get(action="emergency.open")
    assert entry.chain == f"enrollment:{ada.public_id}"
    assert (entry.actor, entry.on_behalf_of) == (str(abe.public_id), f"enrollment:{ada.public_id}")
    assert (entry.purpose, entry.object) == ("emergency", f"emergency_access:{access.public_id}")
    assert "pills" not in f"{entry.__dict__} {EmergencyAccess.objects.values().get()}"
    assert reason_of(access) == REASON
    keys.shred(ada, now=timezone.now())
    assert reason_of(access) == ""


def test_who_watches_is_told_at_once_and_nothing_of_the_person(
    ada: Enrollment, abe: User, mel: User, settings: object
) -> None:
    settings.PRIVACY_OFFICERS = ["officer@example.org"]  # type: ignore[attr-defined]
    now = timezone.now()
    open_record(enrollment=ada, user=abe, reason=REASON, now=now)
    assert drain(now, "emergency") == {"emergency": 1}
    assert sorted(message.to for message in mail.outbox) == [["mel@example.org"], ["officer@example.org"]]
    for message in mail.outbox:
        said = f"{message.subject} {message.body}"
        assert "/console/harbour/reviews/" in said
        assert not any(word in said.casefold() for word in ("ada", "pills", "abe", "neighbour"))
    assert drain(now, "emergency") == {"emergency": 0}


def test_a_mail_that_fails_is_sent_again(
    ada: Enrollment, abe: User, mel: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    open_record(enrollment=ada, user=abe, reason=REASON, now=now)
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", lambda self: 1 / 0)
        assert drain(now, "emergency") == {"emergency": 0}
    assert drain(now + timedelta(minutes=1), "emergency") == {"emergency": 1}
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("scopes", [[("share.clinician", "*")], [("store", "*")], None])
def test_what_is_not_shared_is_not_opened(
    ada: Enrollment, abe: User, mel: User, scopes: list[tuple[str, str]] | None
) -> None:
    withdraw(enrollment=ada, now=timezone.now(), scopes=scopes)
    assert refusal(ada, abe) == "not_to_be_opened"


def test_only_clinicians_of_the_study_open_records(ada: Enrollment, cal: User, dot: User, mel: User) -> None:
    assert refusal(ada, cal) == refusal(ada, dot) == "not_to_be_opened"


def test_it_takes_a_reason_and_somebody_to_be_told(ada: Enrollment, abe: User) -> None:
    assert refusal(ada, abe, "urgent        ") == "reason_too_short"
    Membership.objects.filter(study=ada.study, role=Role.ADMINISTRATOR).delete()
    assert refusal(ada, abe) == "nobody_to_tell"


def test_leaving_ends_it_and_so_does_losing_the_role(ada: Enrollment, abe: User, mel: User) -> None:
    open_record(enrollment=ada, user=abe, reason=REASON, now=timezone.now())
    held = abe.memberships.get()
    abe.memberships.update(ended_at=timezone.now())
    assert not sees(abe)
    held.save()
    assert sees(abe)
    withdraw(enrollment=ada, now=timezone.now())
    assert not sees(abe)


def test_somebody_else_judges_once_and_that_ends_it(ada: Enrollment, abe: User, mel: User) -> None:
    now = timezone.now()
    access = open_record(enrollment=ada, user=abe, reason=REASON, now=now)
    for verdict, by, code in (("justified", abe, "own_access"), ("perhaps", mel, "unknown_verdict")):
        with pytest.raises(Refusal) as refused:
            judge(access=access, verdict=verdict, by=by, now=now)
        assert refused.value.code == code
    judge(access=access, verdict="unjustified", by=mel, now=now)
    assert not sees(abe)
    with pytest.raises(Refusal) as refused:
        judge(access=access, verdict="justified", by=mel, now=now)
    assert refused.value.code == "judged_before"
    assert AuditEntry.objects.get(action="emergency.judge").reason == "unjustified"
