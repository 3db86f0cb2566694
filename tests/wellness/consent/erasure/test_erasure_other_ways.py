"""Leaving without a name, or with data locked for regulators: what stays, and who can still see it."""

from datetime import timedelta
from io import StringIO
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command

from phenotyping.intake.models import Chunk
from phenotyping.intake.verification import verify_person
from phenotyping.twins.models import CohortPrior, CohortRefit
from phenotyping.twins.refitting import SOON
from tests import factories
from tests.factories.life import AFTER, SECRET, lived
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.audit.services import verify as audit_verify
from wellness.consent import gate
from wellness.consent.erasure.job import KIND
from wellness.consent.holding import open_held
from wellness.consent.models import ErasureRequest
from wellness.consent.modes import ANONYMISE, ERASE, HOLD
from wellness.consent.services import withdraw
from wellness.consent.validity import SECTIONS
from wellness.consent.verification import verify as consent_verify
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Enrollment, Phase, Role, Study
from wellness.work.kinds import KINDS, drain

LATER = AFTER + timedelta(minutes=1)
WHY = "Inspection 2026-17 asks for this record."


@pytest.fixture
def bo(study: Study) -> Enrollment:
    """Somebody whose document offers every way to leave, and of whom something of everything is kept."""
    body = {name: f"About {name}." for name in SECTIONS}
    body["withdrawal_modes"] = f"{ANONYMISE} {HOLD} {ERASE}"
    factories.consent_document(study, body=body)
    person = factories.enrollment(study, "bo")
    factories.agree_to_everything(person)
    lived(person)
    return person


def test_an_anonymous_person_has_no_name_no_place_and_no_words_left(bo: Enrollment) -> None:
    withdraw(enrollment=bo, now=LATER, mode=ANONYMISE)
    assert drain(LATER, KIND) == {KIND: 1}
    shell = Enrollment.objects.get(pk=bo.pk)
    assert (shell.phase, shell.user, shell.site, shell.code[:5]) == (Phase.ANONYMOUS, None, None, "gone-")
    assert (shell.ended_at.day, shell.created_at.day) == (1, 1)
    assert not User.objects.get(pk=bo.user_id).is_active
    streams = set(Chunk.objects.filter(enrollment=bo).values_list("stream", flat=True))
    assert "gps" not in streams and "steps" in streams
    assert set(bo.days.values_list("zone", flat=True)) == {""}
    assert bo.days.count() >= 2 and not keys.is_shredded(bo)
    for left in (bo.answers, bo.holds, bo.alerts, bo.contraindications, bo.invitations):
        assert not any(SECRET in str(row) for row in left.values())
    assert (consent_verify(), audit_verify()) == (None, None)


@pytest.mark.parametrize("mode", [ANONYMISE, HOLD])
def test_the_ledger_of_who_left_is_still_proved(bo: Enrollment, mode: str) -> None:
    held = Chunk.objects.in_quarantine()
    held.filter(n_rows=10).update(state=Chunk.State.LIVE, state_at=None)
    held.update(state=Chunk.State.SUPERSEDED)
    before = verify_person(bo)
    assert before.faults == [] and before.counts["uploads"]
    withdraw(enrollment=bo, now=LATER, mode=mode)
    for _ in ("while it is under way", "when it is done"):
        shell = Enrollment.objects.get(pk=bo.pk)
        after = verify_person(shell)
        assert (after.faults, after.counts["uploads"]) == ([], before.counts["uploads"])
        drain(LATER, KIND)
    call_command("ledger_verify", "--release", stdout=StringIO())


def test_a_place_that_the_storage_keeps_is_not_said_to_be_gone(
    bo: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = storages["chunks"]
    left_behind = storage.save(f"{bo.public_id}/gps/{uuid4()}", ContentFile(b"of a crash"))
    withdraw(enrollment=bo, now=LATER, mode=ANONYMISE)
    with monkeypatch.context() as broken:
        broken.setattr(storage, "delete", Mock(side_effect=OSError("away")))
        drain(LATER, KIND)
    assert not ErasureRequest.objects.get().finished_at
    drain(LATER + timedelta(days=1), KIND)
    assert ErasureRequest.objects.get().finished_at
    assert not storage.exists(left_behind)
    assert not Chunk.objects.filter(enrollment=bo, stream="gps").exists()


def test_what_five_people_share_stays(bo: Enrollment) -> None:
    for n in range(4):
        factories.enrollment(bo.study, f"p{n}")
    withdraw(enrollment=bo, now=LATER, mode=ANONYMISE)
    drain(LATER, KIND)
    assert Enrollment.objects.get(pk=bo.pk).site is not None
    assert bo.zone_changes.count() == 1


def test_locked_data_are_seen_by_nobody_and_nothing_is_due(bo: Enrollment, dot: User, bea: User) -> None:
    withdraw(enrollment=bo, now=LATER, mode=HOLD)
    assert (bo.phase, ErasureRequest.objects.count()) == (Phase.LOCKED, 0)
    for user in (dot, bea):
        assert not Enrollment.objects.visible_to(user).exists()
    assert not Enrollment.objects.of(bo.user).exists()
    later = LATER + timedelta(days=30)
    assert set(drain(later, *(KINDS.keys() - {"recipient"})).values()) == {0}
    with pytest.raises(gate.PersonLeft):
        withdraw(enrollment=bo, now=later)
    assert bo.days.count() >= 2 and not keys.is_shredded(bo)


def test_a_regulator_opens_it_with_a_reason_and_each_look_is_recorded(
    bo: Enrollment, dot: User, cal: User
) -> None:
    reg = factories.staff(bo.study, "reg", Role.REGULATOR)
    asked = {"enrollment_id": bo.public_id, "now": LATER}
    with pytest.raises(Refusal, match="unknown_person"):  # not locked
        open_held(**asked, user=reg, reason=WHY)
    withdraw(enrollment=bo, now=LATER, mode=HOLD)
    for user in (dot, cal):
        with pytest.raises(Refusal, match="unknown_person"):
            open_held(**asked, user=user, reason=WHY)
    with pytest.raises(Refusal, match="reason_missing"):
        open_held(**asked, user=reg, reason=" because ")
    assert open_held(**asked, user=reg, reason=WHY) == bo
    looks = AuditEntry.objects.filter(action="hold.open").order_by("seq")
    outcomes = list(looks.values_list("outcome", "reason"))
    assert outcomes == [("refused", "not a regulator")] * 2 + [("refused", "because"), ("done", WHY)]


def test_group_models_that_learned_from_the_erased_are_marked(bo: Enrollment) -> None:
    fields = {"study": bo.study, "model_version": "1", "parameters": {}, "n_people": 2, "n_days": 9}
    with_bo = CohortPrior.objects.create(**fields, variable="a", fitted_at=AFTER, lenders=[bo.pk, 0])
    without = CohortPrior.objects.create(**fields, variable="b", fitted_at=AFTER, lenders=[0])
    withdraw(enrollment=bo, now=LATER, mode=ERASE)
    drain(LATER, KIND)
    for prior in (with_bo, without):
        prior.refresh_from_db()
    assert (with_bo.outdated_at, with_bo.lenders, without.outdated_at) == (LATER, [0], None)
    assert not CohortRefit.objects.due(LATER).exists()
    assert drain(LATER + SOON, "cohort") == {"cohort": 1}
    assert not CohortPrior.objects.exists()  # nobody else of the study lends
