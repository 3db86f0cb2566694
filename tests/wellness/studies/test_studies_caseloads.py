"""Whom a member of staff may know of: by study, site and assignment, from one request to the next."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests import factories
from tests.factories import JOINED_AT
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.lib.refusal import Refusal
from wellness.studies.models import Assignment, Enrollment, Membership, Phase, Reach, Role, Study
from wellness.studies.services import add_member, add_site, assign, end_member, enroll, unassign

LATER = JOINED_AT + timedelta(days=1)


@pytest.fixture
def abe(study: Study) -> User:
    """A clinician of ada's site who sees only people assigned to him."""
    made = factories.user("abe")
    add_member(study=study, user=made, role=Role.CLINICIAN, site=study.sites.get(), reach=Reach.ASSIGNED)
    return made


def sees(user: User, *roles: str) -> list[str]:
    return sorted(Enrollment.objects.visible_to(user, *roles).values_list("code", flat=True))


def test_a_caseload_is_who_is_assigned(ada: Enrollment, abe: User, bea: User, dot: User) -> None:
    factories.enrollment(ada.study, "zoe")
    assert (sees(abe), sees(bea), sees(dot)) == ([], ["ada", "zoe"], ["ada", "zoe"])
    assign(enrollment=ada, clinician=abe, by=dot, now=LATER)
    assert sees(abe, Role.CLINICIAN) == ["ada"]
    unassign(enrollment=ada, clinician=abe, by=dot, now=LATER)
    assert sees(abe) == []


def test_assigning_twice_is_assigning_once_and_each_change_is_on_record(
    ada: Enrollment, abe: User, dot: User
) -> None:
    first = assign(enrollment=ada, clinician=abe, by=dot, now=LATER)
    assert assign(enrollment=ada, clinician=abe, by=dot, now=LATER) == first
    unassign(enrollment=ada, clinician=abe, by=dot, now=LATER)
    unassign(enrollment=ada, clinician=abe, by=dot, now=LATER)
    kept = AuditEntry.objects.filter(action__startswith="assignment").values_list("action", "actor", "object")
    assert [tuple(one) for one in kept] == [
        (f"assignment.{act}", str(dot.public_id), f"user:{abe.public_id}") for act in ("add", "end")
    ]


def test_only_a_clinician_of_study_and_site_is_assigned_anybody(
    ada: Enrollment, abe: User, cal: User, dot: User
) -> None:
    south = add_site(study=ada.study, slug="south", name="South")
    sam = enroll(study=ada.study, code="sam", zone="Europe/Helsinki", now=JOINED_AT, site=south)
    for person, clinician in ((ada, cal), (ada, dot), (sam, abe)):
        with pytest.raises(Refusal) as refused:
            assign(enrollment=person, clinician=clinician, by=dot, now=LATER)
        assert refused.value.code == "not_a_clinician"
    Enrollment.objects.filter(pk=ada.pk).update(phase=Phase.WITHDRAWN)
    with pytest.raises(Refusal) as refused:
        assign(enrollment=ada, clinician=abe, by=dot, now=LATER)
    assert refused.value.code == "withdrawn"


def test_a_role_that_ends_takes_its_caseload_along(ada: Enrollment, abe: User, dot: User) -> None:
    assign(enrollment=ada, clinician=abe, by=dot, now=LATER)
    held = Membership.objects.get(user=abe)
    end_member(member=held, actor=dot.actor, now=LATER)
    assert sees(abe) == []
    assert not Assignment.objects.active().exists()
    add_member(study=ada.study, user=abe, role=Role.CLINICIAN, reach=Reach.ASSIGNED)
    assert sees(abe) == []  # whom he had before is not his again
    assert AuditEntry.objects.filter(action="membership.end", actor=str(dot.public_id)).count() == 1


def test_a_study_keeps_an_administrator(study: Study) -> None:
    mel, ned = (factories.staff(study, name, Role.ADMINISTRATOR) for name in ("mel", "ned"))
    actor = mel.actor
    end_member(member=ned.memberships.get(), actor=actor, now=LATER)
    site = add_site(study=study, slug="west", name="West")
    of_site = add_member(study=study, user=factories.user("pam"), role=Role.ADMINISTRATOR, site=site)
    with pytest.raises(Refusal) as refused:  # the one of a site gives no roles
        end_member(member=mel.memberships.get(), actor=actor, now=LATER)
    assert refused.value.code == "last_administrator"
    end_member(member=of_site, actor=actor, now=LATER)


def test_a_role_is_held_once_and_only_clinicians_have_a_caseload(study: Study, abe: User) -> None:
    with pytest.raises(Refusal) as refused:
        add_member(study=study, user=abe, role=Role.CLINICIAN)
    assert refused.value.code == "already_member"
    with pytest.raises(Refusal) as refused:
        add_member(study=study, user=abe, role=Role.ANALYST, reach=Reach.ASSIGNED)
    assert refused.value.code == "reach_of_clinicians"
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(study=study, user=abe, role=Role.AUDITOR, reach=Reach.ASSIGNED)


class CoverageTests(TestCase):
    """Against a plain reading of the rule, for any team and any people."""

    @settings(max_examples=25, deadline=None)
    @given(
        homes=st.lists(st.integers(0, 2), min_size=1, max_size=5),
        site=st.integers(0, 2),
        reach=st.sampled_from(list(Reach)),
        assigned=st.sets(st.integers(0, 4)),
        ended=st.booleans(),
    )
    def test_a_clinician_sees_whom_the_rule_says(
        self, homes: list[int], site: int, reach: Reach, assigned: set[int], ended: bool
    ) -> None:
        study = factories.study("bay")
        sites = [None, study.sites.get(), add_site(study=study, slug="south", name="South")]
        people = [
            enroll(study=study, code=str(n), zone="UTC", now=JOINED_AT, site=sites[home])
            for n, home in enumerate(homes)
        ]
        kit = factories.user("kit")
        add_member(study=study, user=kit, role=Role.CLINICIAN, site=sites[site], reach=reach)
        for n in assigned & set(range(len(people))):
            Assignment.objects.create(
                enrollment=people[n],
                user=kit,
                assigned_by=kit,
                created_at=LATER,
                ended_at=LATER if ended else None,
            )
        expected = [
            str(n)
            for n, home in enumerate(homes)
            if site in (0, home) and (reach == Reach.SITE or (n in assigned and not ended))
        ]
        assert sees(kit, Role.CLINICIAN) == expected
        assert sees(kit, Role.COORDINATOR) == []
