from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from tests import factories
from tests.factories import JOINED_AT
from wellness.consent import gate
from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import ANY, CONSENT_STREAMS, NEEDS, PURPOSES, STREAMLESS, prerequisites
from wellness.consent.services import grant, withdraw
from wellness.studies.models import Enrollment, Phase, Study

HOUR = timedelta(hours=1)
NOW = JOINED_AT + HOUR


@pytest.fixture
def bo(study: Study) -> Enrollment:
    """A participant who has agreed to nothing yet."""
    return factories.enrollment(study, "bo")


@pytest.fixture
def document(study: Study) -> ConsentDocument:
    return factories.consent_document(study)


def allowed(person: Enrollment, purpose: str, at: datetime = NOW) -> set[str]:
    return set(gate.permitted(person, purpose, CONSENT_STREAMS, at=at))


def test_no_row_means_no(bo: Enrollment) -> None:
    assert all(not allowed(bo, purpose) for purpose in PURPOSES)
    with pytest.raises(gate.ConsentDenied) as denied:
        gate.require(bo, "collect", ["gps", "screen"], at=NOW)
    assert (denied.value.code, denied.value.status) == ("consent_denied", 403)
    assert denied.value.streams == ("gps", "screen")


def test_unknown_means_no(ada: Enrollment) -> None:
    for purpose, streams in (("sell", ["gps"]), ("collect", ["thoughts"]), ("collect", [])):
        with pytest.raises(gate.ConsentDenied):
            gate.require(ada, purpose, streams, at=NOW)


def test_a_permit_names_the_epoch_and_the_events(ada: Enrollment, document: ConsentDocument) -> None:
    first = ada.consent_events.get()
    second = grant(enrollment=ada, document=document, scopes=[("feature", "gps")], now=JOINED_AT)
    permit = gate.require(ada, "feature", ["gps", "screen"], at=NOW)
    assert permit == gate.Permit(2, (first.pk, second.pk))


@pytest.mark.parametrize("purpose", [p for p in PURPOSES if p not in STREAMLESS])
def test_a_purpose_means_nothing_without_each_one_it_rests_on(
    bo: Enrollment, document: ConsentDocument, purpose: str
) -> None:
    chain = prerequisites(purpose)
    grant(enrollment=bo, document=document, scopes=[(step, "gps") for step in chain], now=JOINED_AT)
    assert allowed(bo, purpose) == {"gps"}
    for step in chain:
        withdraw(enrollment=bo, now=JOINED_AT, scopes=[(step, "gps")])
        assert allowed(bo, purpose) == set()
        grant(enrollment=bo, document=document, scopes=[(step, "gps")], now=JOINED_AT)
        assert allowed(bo, purpose) == {"gps"}


def test_intervening_rests_on_everything_down_to_collecting() -> None:
    assert prerequisites("intervene") == ("collect", "store", "feature", "model.personal", "intervene")
    assert set(NEEDS) == set(PURPOSES)


def test_a_use_of_several_streams_needs_all_of_them(ada: Enrollment) -> None:
    withdraw(enrollment=ada, now=JOINED_AT, scopes=[("collect", "gps")])
    with pytest.raises(gate.ConsentDenied) as denied:
        gate.require(ada, "feature", ["screen", "gps"], at=NOW)
    assert denied.value.streams == ("gps",)
    assert gate.require(ada, "feature", ["screen"], at=NOW)


def test_contact_is_asked_of_the_person(ada: Enrollment) -> None:
    assert gate.require(ada, "contact.study", [ANY], at=NOW)
    withdraw(enrollment=ada, now=JOINED_AT, scopes=[("contact.study", ANY)])
    with pytest.raises(gate.ConsentDenied):
        gate.require(ada, "contact.study", [ANY], at=NOW)


def test_a_grant_holds_from_its_moment_until_it_is_withdrawn(ada: Enrollment) -> None:
    second = timedelta(seconds=1)
    asked = [JOINED_AT - second, JOINED_AT, NOW - second, NOW]
    assert ["gps" in allowed(ada, "collect", at) for at in asked] == [False, True, True, True]


def test_work_that_began_before_a_withdrawal_is_denied_after_it(ada: Enrollment) -> None:
    withdraw(enrollment=ada, now=NOW, scopes=[("collect", "gps")])
    assert "gps" not in allowed(ada, "collect", NOW - timedelta(seconds=1))


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase != Phase.ACTIVE])
def test_only_who_takes_part_now_is_served(ada: Enrollment, phase: Phase) -> None:
    Enrollment.objects.filter(pk=ada.pk).update(phase=phase)
    assert not allowed(ada, "collect")


def test_a_study_that_has_ended_uses_nothing(ada: Enrollment) -> None:
    Study.objects.filter(pk=ada.study_id).update(ended_at=NOW)
    assert allowed(ada, "collect", NOW - HOUR / 2)
    assert not allowed(ada, "collect", NOW)


def test_many_people_cost_one_query(ada: Enrollment, bo: Enrollment, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        found = gate.permitted_many([ada.pk, bo.pk], "share.clinician", ["gps", "screen"], at=NOW)
    assert set(found[ada.pk]) == {"gps", "screen"}
    assert found[bo.pk] == {}


def test_the_permit_is_of_now_even_when_the_caller_holds_an_old_row(ada: Enrollment) -> None:
    old = Enrollment.objects.get(pk=ada.pk)
    withdraw(enrollment=ada, now=JOINED_AT, scopes=[("collect", "gps")])
    assert old.consent_epoch == 1
    assert gate.require(old, "collect", ["screen"], at=NOW).epoch == 2


def test_periods_are_the_event_times_that_grants_cover(bo: Enrollment, document: ConsentDocument) -> None:
    collect, store = [("collect", "gps")], [("store", "gps")]
    earlier = datetime(2026, 1, 1, tzinfo=UTC)
    grant(enrollment=bo, document=document, scopes=collect, now=JOINED_AT, covers_from=earlier)
    grant(enrollment=bo, document=document, scopes=store, now=JOINED_AT)
    withdraw(enrollment=bo, now=NOW, scopes=collect)
    grant(enrollment=bo, document=document, scopes=collect, now=NOW + HOUR)
    assert gate.periods(bo, "collect", ["gps", "light"]) == {
        "gps": [(earlier, NOW), (NOW + HOUR, None)],
        "light": [],
    }
    assert gate.periods(bo, "store", ["gps"]) == {"gps": [(JOINED_AT, NOW), (NOW + HOUR, None)]}


def test_a_lock_outside_a_transaction_is_refused(ada: Enrollment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(TransactionManagementError):
        gate.lock(ada)


def test_a_lock_reads_the_person_afresh(ada: Enrollment, django_assert_num_queries) -> None:
    Enrollment.objects.filter(pk=ada.pk).update(consent_epoch=7)
    with transaction.atomic(), django_assert_num_queries(1):
        person = gate.lock(ada)
        assert (person.consent_epoch, person.study.slug) == (7, "harbour")
