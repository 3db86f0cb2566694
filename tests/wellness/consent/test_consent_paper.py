from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from tests import factories
from tests.factories import JOINED_AT
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.audit.services import enrollment_chain
from wellness.consent.guardians import declare_birth
from wellness.consent.models import ConsentDocument, PaperConsent
from wellness.consent.paper import check_sheet, record_sheet
from wellness.consent.purposes import Scope
from wellness.consent.services import grant
from wellness.consent.signatures import printed_name
from wellness.consent.verification import verify_person
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Role, Study
from wellness.studies.services import add_member, add_site
from wellness.work.kinds import drain

GPS: list[Scope] = [("collect", "gps"), ("store", "gps")]
NEXT_DAY = JOINED_AT + timedelta(days=1)


@pytest.fixture
def eve(study: Study) -> User:
    """Another who answers for the study."""
    return factories.staff(study, "eve", Role.ADMINISTRATOR)


@pytest.fixture
def sheet(bo: Enrollment, document: ConsentDocument, dot: User) -> dict[str, Any]:
    """What dot records of a form that bo signed."""
    return {
        "enrollment": bo,
        "document": document,
        "scopes": GPS,
        "capacity": "self",
        "signed_on": JOINED_AT.date(),
        "scan_sha256": "a" * 64,
        "printed_name": "Bo Berg",
        "witness": "Wim Visser",
        "recorded_by": dot,
        "now": JOINED_AT,
    }


def test_a_sheet_counts_once_a_second_person_has_checked_it(
    bo: Enrollment, sheet: dict[str, Any], eve: User, allowed
) -> None:
    pending = record_sheet(**sheet)
    assert not allowed(bo, NEXT_DAY)
    checked = check_sheet(sheet=pending, checked_by=eve, accepted=True, now=NEXT_DAY)
    assert allowed(bo, NEXT_DAY) == {"gps"}
    event = checked.event
    assert (event.capacity, event.evidence["scan_sha256"], event.at) == ("staff", "a" * 64, NEXT_DAY)
    assert event.evidence["checked_by"] == str(eve.public_id)
    assert printed_name(event) == "Bo Berg"
    entries = AuditEntry.objects.filter(chain=enrollment_chain(bo.public_id)).order_by("seq")
    assert [entry.action for entry in entries][-3:] == [
        "paper_consent.record",
        "consent.grant",
        "paper_consent.accept",
    ]
    assert verify_person(Enrollment.objects.get(pk=bo.pk)) is None


def test_the_participant_is_told_without_a_word_on_health(
    bo: Enrollment, sheet: dict[str, Any], eve: User
) -> None:
    check_sheet(sheet=record_sheet(**sheet), checked_by=eve, accepted=True, now=NEXT_DAY)
    assert drain(NEXT_DAY, "consent_notice") == {"consent_notice": 1}
    (sent,) = mail.outbox
    assert sent.to == [bo.user.email]
    assert not {"harbour", "gps", "berg"} & set((sent.subject + " " + sent.body).lower().split())
    assert drain(NEXT_DAY, "consent_notice") == {"consent_notice": 0}


def test_names_are_sealed(sheet: dict[str, Any]) -> None:
    row = record_sheet(**sheet)
    assert b"Berg" not in bytes(row.sealed_names)
    assert b"Visser" not in bytes(row.sealed_names)


def test_a_sheet_that_is_rejected_grants_nothing(
    bo: Enrollment, sheet: dict[str, Any], eve: User, allowed
) -> None:
    pending = record_sheet(**sheet)
    check_sheet(sheet=pending, checked_by=eve, accepted=False, now=NEXT_DAY)
    assert not allowed(bo, NEXT_DAY)
    with pytest.raises(Refusal, match="checked_already"):
        check_sheet(sheet=pending, checked_by=eve, accepted=True, now=NEXT_DAY)


def test_nobody_checks_what_they_recorded(sheet: dict[str, Any], dot: User, bea: User, cal: User) -> None:
    pending = record_sheet(**sheet)
    for error, who in (("second_person", dot), ("not_an_approver", bea), ("not_an_approver", cal)):
        with pytest.raises(Refusal, match=error):
            check_sheet(sheet=pending, checked_by=who, accepted=True, now=NEXT_DAY)
    assert PaperConsent.objects.pending().count() == 1


def test_staff_of_one_site_record_and_check_its_people_alone(
    study: Study, bo: Enrollment, sheet: dict[str, Any], eve: User
) -> None:
    elsewhere = factories.user("fay")
    far = add_site(study=study, slug="far", name="Far away")
    add_member(study=study, user=elsewhere, role=Role.COORDINATOR, site=far)
    with pytest.raises(Refusal, match="not_an_approver"):
        record_sheet(**(sheet | {"recorded_by": elsewhere}))
    here = factories.user("gil")
    add_member(study=study, user=here, role=Role.COORDINATOR, site=bo.site)
    pending = record_sheet(**(sheet | {"recorded_by": here}))
    with pytest.raises(Refusal, match="not_an_approver"):
        check_sheet(sheet=pending, checked_by=elsewhere, accepted=True, now=NEXT_DAY)
    assert check_sheet(sheet=pending, checked_by=eve, accepted=True, now=NEXT_DAY).event is not None


def test_a_sheet_without_evidence_is_refused(study: Study, sheet: dict[str, Any], cal: User) -> None:
    for error, change in (
        ("scan_missing", {"scan_sha256": ""}),
        ("scan_missing", {"scan_sha256": "g" * 64}),
        ("name_missing", {"witness": " "}),
        ("name_missing", {"printed_name": ""}),
        ("witness_of_oneself", {"witness": "bo berg"}),
        ("signed_in_future", {"signed_on": NEXT_DAY.date()}),
        ("not_an_approver", {"recorded_by": cal}),
        ("scope_not_offered", {"scopes": []}),
        ("capacity_of_other_document", {"capacity": "parent"}),
        ("capacity_of_other_document", {"capacity": "staff"}),
    ):
        with pytest.raises(Refusal, match=error):
            record_sheet(**(sheet | change))
    assert not PaperConsent.objects.exists()


def test_a_sheet_for_a_version_that_retired_meanwhile_is_not_accepted(
    study: Study, bo: Enrollment, sheet: dict[str, Any], eve: User, allowed
) -> None:
    pending = record_sheet(**sheet)
    factories.consent_document(study, NEXT_DAY)
    with pytest.raises(Refusal, match="document_not_in_force"):
        check_sheet(sheet=pending, checked_by=eve, accepted=True, now=NEXT_DAY)
    assert not allowed(bo, NEXT_DAY)


def test_paper_of_guardian_and_child_make_a_childs_consent(
    study: Study, bo: Enrollment, sheet: dict[str, Any], eve: User, allowed
) -> None:
    declare_birth(enrollment=bo, born_on=JOINED_AT.date().replace(year=2014), now=JOINED_AT)
    for audience, capacity in (("guardian", "parent"), ("assent", "assent")):
        assert not allowed(bo, NEXT_DAY)
        document = factories.consent_document(study, audience=audience)
        row = record_sheet(**(sheet | {"document": document, "capacity": capacity}))
        check_sheet(sheet=row, checked_by=eve, accepted=True, now=NEXT_DAY)
    assert allowed(bo, NEXT_DAY) == {"gps"}


def test_staff_grant_nothing_by_themselves(bo: Enrollment, document: ConsentDocument, dot: User) -> None:
    for error, change in (
        ("not_yours", {"signer": dot}),
        ("evidence_missing", {"signer": dot, "capacity": "staff"}),
        ("evidence_missing", {"capacity": "staff"}),
    ):
        with pytest.raises(Refusal, match=error):
            grant(enrollment=bo, document=document, scopes=GPS, now=JOINED_AT, **change)
    assert not bo.consent_events.exists()
