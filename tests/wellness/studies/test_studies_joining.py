from datetime import timedelta

import pytest

from tests import factories
from tests.factories import JOINED_AT
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.audit.services import enrollment_chain, verify
from wellness.consent.models import ConsentState
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Phase, Protocol, Study
from wellness.studies.services import (
    add_member,
    add_site,
    change_zone,
    create_study,
    enroll,
    publish_protocol,
)


def join(study: Study, code: str = "bo", zone: str = "Europe/Helsinki", **more: object) -> Enrollment:
    return enroll(study=study, code=code, zone=zone, now=JOINED_AT, **more)


def test_who_joins_is_active_has_a_key_and_a_zone_and_no_consent_yet(study: Study) -> None:
    person = join(study)
    assert person.phase == Phase.ACTIVE
    assert person.consent_epoch == 0
    assert person.data_key.wrapped
    assert person.zones().at(JOINED_AT) == "Europe/Helsinki"
    assert not ConsentState.objects.filter(enrollment=person).exists()
    assert AuditEntry.objects.get(chain=enrollment_chain(person.public_id)).action == "enrollment.create"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "Europe", "a\0b", "x" * 5000])
def test_a_zone_that_does_not_exist_is_refused_and_nothing_is_kept(study: Study, zone: str) -> None:
    with pytest.raises(Refusal) as refused:
        join(study, zone=zone)
    assert refused.value.code == "unknown_timezone"
    assert not study.enrollments.exists()


def test_a_code_or_an_account_joins_a_study_once(study: Study, dot: User) -> None:
    join(study, "bo", user=dot)
    for code, user in (("bo", None), ("other", dot)):
        with pytest.raises(Refusal) as refused:
            join(study, code, user=user)
        assert refused.value.code == "already_enrolled"
    assert study.enrollments.count() == 1


def test_nobody_joins_a_study_that_has_ended(study: Study) -> None:
    study.ended_at = JOINED_AT
    with pytest.raises(Refusal, match="study_ended"):
        join(study)


def test_sites_of_other_studies_are_refused(study: Study, dot: User) -> None:
    elsewhere = add_site(study=create_study(slug="other", name="Other"), slug="x", name="X")
    with pytest.raises(Refusal, match="site_elsewhere"):
        join(study, site=elsewhere)
    with pytest.raises(Refusal, match="site_elsewhere"):
        add_member(study=study, user=dot, role="clinician", site=elsewhere)


def test_a_journey_is_a_change_and_staying_is_none(ada: Enrollment) -> None:
    landed = JOINED_AT + timedelta(days=3)
    assert change_zone(enrollment=ada, zone="Europe/Helsinki", from_at=landed) is None
    assert change_zone(enrollment=ada, zone="Asia/Kolkata", from_at=landed) is not None
    assert change_zone(enrollment=ada, zone="Asia/Kolkata", from_at=landed + timedelta(days=1)) is None
    zones = ada.zones()
    assert [zones.at(JOINED_AT), zones.at(landed)] == ["Europe/Helsinki", "Asia/Kolkata"]


def test_an_unknown_zone_changes_nothing(ada: Enrollment) -> None:
    with pytest.raises(Refusal, match="unknown_timezone"):
        change_zone(enrollment=ada, zone="Nowhere", from_at=JOINED_AT)
    assert ada.zone_changes.count() == 1


def test_protocol_versions_count_up_and_keep_their_digest(study: Study) -> None:
    first = publish_protocol(study=study, body={"streams": ["gps"]}, now=JOINED_AT)
    second = publish_protocol(study=study, body={"streams": []}, now=JOINED_AT)
    assert (first.version, second.version) == (1, 2)
    assert Protocol.objects.filter(study=study).latest() == second
    assert first.body_sha256 != second.body_sha256


def test_staff_see_their_people_and_nobody_elses(
    study: Study, ada: Enrollment, bea: User, cal: User, dot: User
) -> None:
    south = factories.enrollment(study, "sam")
    south.site = add_site(study=study, slug="south", name="South")
    south.save(update_fields=["site"])
    seen = {user.email[:3]: set(Enrollment.objects.visible_to(user)) for user in (bea, cal, dot)}
    assert seen == {"bea": {ada}, "cal": set(), "dot": {ada, south}}


def test_everything_done_here_is_recorded_and_whole(ada: Enrollment, bea: User) -> None:
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"study.create", "membership.add", "enrollment.create", "consent.grant"} <= actions
    assert verify() is None
