"""Who leaves with a call for help still open: the call stays with the staff, alone, until they close it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.forms.models import model_to_dict

from coach.safety.leaving import acknowledge, close
from coach.safety.models import Alert, LeftAlert
from coach.safety.services import raise_alert, resolve
from tests import factories
from tests.factories.life import AFTER, SECRET, lived
from tests.wellness.consent.erasure.test_erasure_job import PROOF, SHELLS, kept
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.audit.services import SERVICE
from wellness.audit.services import verify as audit_verify
from wellness.consent.erasure.job import KIND
from wellness.consent.gate import PersonLeft
from wellness.consent.modes import ANONYMISE, ERASE, HOLD, STOP
from wellness.consent.services import withdraw
from wellness.consent.tombstones.replaying import settle
from wellness.consent.validity import SECTIONS
from wellness.consent.verification import verify as consent_verify
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Reach, Role, Study
from wellness.studies.services import add_member, assign, end_member
from wellness.work.kinds import drain

LATER = AFTER + timedelta(minutes=1)
Capture = Callable[..., Any]


@pytest.fixture
def bo(study: Study) -> Enrollment:
    """Somebody whose document offers every way to leave, and of whom something of everything is kept."""
    body = {name: f"About {name}." for name in SECTIONS}
    factories.consent_document(study, body=body | {"withdrawal_modes": f"{ANONYMISE} {HOLD} {ERASE}"})
    person = factories.enrollment(study, "bo")
    factories.agree_to_everything(person)
    lived(person)
    return person


def seen_by(*users: User) -> list[int]:
    return [LeftAlert.objects.visible_to(user).count() for user in users]


@pytest.mark.parametrize("mode", [ERASE, ANONYMISE, HOLD])
def test_an_open_alert_stays_with_those_who_saw_it_and_with_nobody_else(
    bo: Enrollment, bea: User, cal: User, dot: User, mode: str
) -> None:
    alert = Alert.objects.get(enrollment=bo)
    withdraw(enrollment=bo, now=LATER, mode=mode)
    for _ in range(2):  # before the job and after it
        assert seen_by(bea, cal, dot) == [1, 0, 0]
        assert drain(LATER, KIND) in ({KIND: 1}, {KIND: 0})
    left = LeftAlert.objects.get()
    assert (left.code, left.site, left.left_at) == ("bo", bo.study.sites.get(), LATER)
    same = ("rule", "severity", "raised_at", "due_at", "acknowledged_at")
    assert [getattr(left, name) for name in same] == [getattr(alert, name) for name in same]
    assert (consent_verify(), audit_verify()) == (None, None)


def test_of_the_erased_nothing_else_stays_and_the_call_names_no_row_of_theirs(
    bo: Enrollment, bea: User
) -> None:
    withdraw(enrollment=bo, now=LATER, mode=ERASE)
    drain(LATER, KIND)
    assert kept(bo) == SHELLS - {"wellness_accounts.User"} | PROOF
    said = model_to_dict(LeftAlert.objects.get(), exclude=["id", "study", "site", "assignees"])
    assert said == {
        "code": "bo",
        "rule": "silence",
        "severity": "low",
        "raised_at": AFTER,
        "due_at": AFTER + timedelta(hours=12),
        "left_at": LATER,
        "acknowledged_at": None,
        "acknowledged_by": None,
    }
    assert SECRET not in str(said)


def test_closing_it_takes_the_rest_and_says_on_record_what_became_of_it(bo: Enrollment, bea: User) -> None:
    withdraw(enrollment=bo, now=LATER, mode=ERASE)
    drain(LATER, KIND)
    left = LeftAlert.objects.get()
    about = f"left_alert:{left.public_id}"
    with pytest.raises(Refusal, match="outcome_missing"):
        close(alert=left, user=bea, outcome="whatever", now=LATER)
    acknowledge(alert=left, user=bea, now=LATER)
    assert LeftAlert.objects.get().acknowledged_by == bea
    for _ in range(2):  # closing it twice is closing it once
        close(alert=left, user=bea, outcome="reached", now=LATER)
    assert (LeftAlert.objects.count(), LeftAlert.assignees.through._default_manager.count()) == (0, 0)
    acts = AuditEntry.objects.filter(object=about).order_by("pk").values_list("action", "actor", "reason")
    by = str(bea.public_id)
    assert list(acts) == [
        ("alert.stay", "system", ""),
        ("alert.acknowledge", by, ""),
        ("alert.resolve", by, "reached"),
    ]
    assert not Enrollment.objects.filter(code="bo").exists()
    assert audit_verify() is None


def test_what_was_resolved_does_not_stay_nor_what_nobody_could_ever_close(bo: Enrollment, bea: User) -> None:
    resolve(alert=Alert.objects.get(enrollment=bo), user=bea, disposition="Called.", now=AFTER)
    withdraw(enrollment=bo, now=LATER, mode=ERASE)
    di = factories.enrollment(factories.study("alone"), "di")  # a study without clinicians
    factories.agree_to_everything(di)
    raise_alert(enrollment=di, rule="answer", severity="imminent", source="x", now=AFTER)
    withdraw(enrollment=di, now=LATER, mode=ERASE)
    assert not LeftAlert.objects.exists()


def test_whom_only_one_cared_for_is_seen_by_that_one_while_they_work_there(bo: Enrollment, dot: User) -> None:
    abe, eve = factories.user("abe"), factories.user("eve")
    for one in (abe, eve):
        add_member(study=bo.study, user=one, role=Role.CLINICIAN, reach=Reach.ASSIGNED)
    assign(enrollment=bo, clinician=abe, by=dot, now=AFTER)
    withdraw(enrollment=bo, now=LATER, mode=ANONYMISE)
    drain(LATER, KIND)
    assert seen_by(abe, eve) == [1, 0]
    end_member(member=abe.memberships.get(), actor=SERVICE, now=LATER)
    assert seen_by(abe, eve) == [0, 0]


def test_who_only_stops_keeps_the_alert_as_it_was(bo: Enrollment, bea: User) -> None:
    withdraw(enrollment=bo, now=LATER, mode=STOP)
    assert not LeftAlert.objects.exists()
    assert Alert.objects.open().get().enrollment == bo
    assert raise_alert(enrollment=bo, rule="silence", severity="moderate", source="x", now=LATER)


def test_no_new_call_is_raised_of_who_left(bo: Enrollment, bea: User) -> None:
    withdraw(enrollment=bo, now=LATER, mode=ERASE)
    with pytest.raises(PersonLeft):
        raise_alert(enrollment=bo, rule="answer", severity="imminent", source="x", now=LATER)


def test_a_replayed_leaving_leaves_the_call_once_more(
    bo: Enrollment, bea: User, django_capture_on_commit_callbacks: Capture
) -> None:
    before = transaction.savepoint()
    with django_capture_on_commit_callbacks(execute=True):
        withdraw(enrollment=bo, now=LATER, mode=ERASE)
        drain(LATER, KIND)
        close(alert=LeftAlert.objects.get(), user=bea, outcome="reached", now=LATER)
    transaction.savepoint_rollback(before)  # what was done about it is lost as well: better told twice
    assert (settle(LATER), LeftAlert.objects.count()) == (1, 1)
    drain(LATER, KIND)
    assert seen_by(bea) == [1]
    assert kept(bo) == SHELLS - {"wellness_accounts.User"} | PROOF
    assert (consent_verify(), audit_verify()) == (None, None)
