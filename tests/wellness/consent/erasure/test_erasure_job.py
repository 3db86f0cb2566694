"""Erasing a person: everything of them goes, in steps that may be cut short, and the rest stays whole."""

import os
import re
from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.db import DatabaseError, models, transaction

from coach.decisions.models import Decision
from phenotyping.intake.models import Chunk
from phenotyping.surveys.models import Answer
from tests import factories
from tests.factories.life import AFTER, SECRET, lived
from tests.wellness.consent.erasure.test_erasure_coverage import personal
from wellness.accounts.models import User
from wellness.audit.services import verify as audit_verify
from wellness.consent.erasure import job, receipts, registry
from wellness.consent.models import DeletionReceipt, ErasureRequest
from wellness.consent.modes import ERASE
from wellness.consent.services import withdraw
from wellness.consent.verification import verify as consent_verify
from wellness.studies import keys
from wellness.studies.models import Device, Enrollment, Phase
from wellness.work.claims import LEASE
from wellness.work.kinds import drain, run_one

EVERY = int(os.environ.get("KILL_EVERY", "9"))  # each step costs a whole life
LATER = AFTER + timedelta(minutes=1)
SHELLS = {"wellness_accounts.User", "wellness_studies.Enrollment", "wellness_studies.Device"}
PROOF = {
    "wellness_studies.DataKey",
    "wellness_consent.ConsentEvent",
    "wellness_consent.ConsentState",
    "wellness_consent.ErasureRequest",
}


@pytest.fixture(autouse=True)
def _objects(settings: pytest.FixtureRequest) -> None:
    settings.CHUNK_ROW_BYTES = 0  # type: ignore[attr-defined]  every chunk is an object


@pytest.fixture
def phone(ada: Enrollment) -> Device:
    return lived(ada)


def kept(person: Enrollment) -> set[str]:
    """The models of which rows lead to the person."""
    found: dict[type[models.Model], set[int]] = {Enrollment: {person.pk}}
    while True:
        more = {}
        for model in personal():
            keys_of = [f for f in model._meta.get_fields() if isinstance(f, models.ForeignKey)]
            for field in keys_of:
                if field.related_model in found:
                    owners = {f"{field.name}__in": found[field.related_model]}
                    pks = set(models.QuerySet(model).filter(**owners).values_list("pk", flat=True))
                    if pks - found.get(model, set()):
                        more[model] = found.get(model, set()) | pks
        if not more:
            return {model._meta.label for model, pks in found.items() if pks}
        found |= more


def objects_of(person: Enrollment) -> list[str]:
    storage, folder = storages["chunks"], str(person.public_id)
    return [
        name for stream in storage.listdir(folder)[0] for name in storage.listdir(f"{folder}/{stream}")[1]
    ]


def test_a_life_has_something_of_everything(ada: Enrollment, phone: Device) -> None:
    names = {one.name for one in registry.steps(ERASE) if one.left and not one.left(ada)}
    assert names == set()
    assert set(Chunk.objects.values_list("state", flat=True)) == {"live", "superseded", "quarantined"}
    assert objects_of(ada)


def test_everything_goes_but_the_proof(ada: Enrollment, phone: Device) -> None:
    user = ada.user
    withdraw(enrollment=ada, now=LATER, mode=ERASE, signer=user)
    assert (ada.phase, drain(LATER, job.KIND)) == (Phase.ERASED, {job.KIND: 1})
    assert kept(ada) == SHELLS - {"wellness_accounts.User"} | PROOF
    assert not storages["chunks"].exists(str(ada.public_id))
    shell, account = Enrollment.objects.get(pk=ada.pk), User.objects.get(pk=user.pk)
    assert (shell.user, shell.code[:5], account.first_name, account.is_active) == (None, "gone-", "", False)
    assert not {"ada"} & set(re.findall(r"\w+", f"{account.email} {shell.code}"))
    assert not account.has_usable_password()
    with pytest.raises(keys.KeyDestroyed):
        keys.seal(ada, "note", b"")
    assert (consent_verify(), audit_verify()) == (None, None)


def test_pending_work_is_cancelled_with_the_withdrawal(ada: Enrollment, phone: Device) -> None:
    withdraw(enrollment=ada, now=LATER, mode=ERASE)
    later = LATER + timedelta(days=2)
    assert drain(later, *(kind for kind in ("day", "twin", "gather", "decision", "outcome", "delivery"))) == {
        kind: 0 for kind in ("day", "twin", "gather", "decision", "outcome", "delivery")
    }
    assert ada.prompts.filter(state="open").count() == 0
    assert ada.invitations.filter(expires_at__gt=LATER).count() == 0


def test_others_keep_all_of_theirs(ada: Enrollment) -> None:
    bo = factories.enrollment(ada.study, "bo")
    factories.agree_to_everything(bo)
    lived(bo)
    lived(ada)
    before = kept(bo), {one.name: one.left(bo) for one in registry.steps(ERASE) if one.left}
    withdraw(enrollment=ada, now=LATER, mode=ERASE)
    drain(LATER, job.KIND)
    bo.refresh_from_db()
    assert (kept(bo), {one.name: one.left(bo) for one in registry.steps(ERASE) if one.left}) == before
    assert (bo.code, bo.user.email) == ("bo", "bo@example.org")


def test_the_receipt_is_signed_and_names_nobody(ada: Enrollment, phone: Device) -> None:
    event = withdraw(enrollment=ada, now=LATER, mode=ERASE)
    token = receipts.token_of(event.public_id)
    due = receipts.shown(token)
    assert due is not None and due["state"] == "due"
    drain(LATER, job.KIND)
    done = receipts.shown(token)
    assert done is not None and done["state"] == "done"
    assert done["statement"]["erased"]["phenotyping_surveys.answer"] == 1
    assert receipts.is_genuine(done)
    assert not receipts.is_genuine(done | {"statement": done["statement"] | {"mode": "stop"}})
    assert str(ada.public_id) not in str(done)
    assert receipts.shown("guess") is None
    assert DeletionReceipt.objects.get().token_digest != token


@pytest.mark.parametrize("step", [one.name for one in registry.steps(ERASE)][::EVERY])
def test_an_erasure_that_fails_at_a_step_is_taken_up(
    ada: Enrollment, phone: Device, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdraw(enrollment=ada, now=LATER, mode=ERASE)
    request = ErasureRequest.objects.get()
    whole = job._take

    def fails(request: ErasureRequest, fence: int, one: registry.Step, now: object) -> None:
        if one.name == step:
            raise OSError
        whole(request, fence, one, now)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(job, "_take", fails)
        assert not run_one(job.KIND, request.pk, LATER)
    request.refresh_from_db()
    assert step not in request.done
    assert request.last_error == "OSError"
    assert run_one(job.KIND, request.pk, LATER + LEASE)
    assert kept(ada) == SHELLS - {"wellness_accounts.User"} | PROOF
    assert DeletionReceipt.objects.get().statement["erased"]["phenotyping_days.day"] >= 2


def test_the_account_stays_while_another_study_needs_it(ada: Enrollment, phone: Device) -> None:
    user = ada.user
    other = factories.study("inland")
    twin = Enrollment.objects.create(study=other, code="ada2", user=user, phase=Phase.ACTIVE)
    withdraw(enrollment=ada, now=LATER, mode=ERASE)
    drain(LATER, job.KIND)
    user.refresh_from_db()
    assert (user.email, user.is_active, user.emailaddress_set.count()) == ("ada@example.org", True, 1)
    assert Enrollment.objects.get(pk=ada.pk).user is None
    assert Enrollment.objects.get(pk=twin.pk).user == user


def test_history_can_still_not_be_deleted(ada: Enrollment, phone: Device) -> None:
    bo = factories.enrollment(ada.study, "bo")
    factories.agree_to_everything(bo)
    lived(bo)
    for model in (Answer, Decision):
        refused(model, ada)
    withdraw(enrollment=ada, now=LATER, mode=ERASE)
    for model in (Answer, Decision):  # asked for, but no worker is at it
        refused(model, ada)
    request = ErasureRequest.objects.get()
    ErasureRequest.objects.due(LATER).claim(request.pk, LATER)
    for model in (Answer, Decision):  # somebody else's is no more deletable for it
        refused(model, bo)
    ErasureRequest.objects.update(lease_until=None)
    assert run_one(job.KIND, request.pk, LATER)
    for model in (Answer, Decision):
        refused(model, bo)


def refused(model: type[models.Model], person: Enrollment) -> None:
    rows = models.QuerySet(model).filter(enrollment=person)
    assert rows.exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        registry.delete(rows)


def test_nothing_planted_is_left_in_any_table(ada: Enrollment, phone: Device) -> None:
    withdraw(enrollment=ada, now=LATER, mode=ERASE)
    drain(LATER, job.KIND)
    for model in personal():
        for row in models.QuerySet(model).values():
            assert SECRET not in str(row), model
