"""People in a clinician's care: assigned, and no longer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from wellness.accounts.models import User
from wellness.audit.services import enrollment_chain, record
from wellness.lib.refusal import Refusal
from wellness.studies.models import Assignment, Enrollment, Membership, Phase, Role


@transaction.atomic
def assign(*, enrollment: Enrollment, clinician: User, by: User, now: datetime) -> Assignment:
    """The person in this clinician's care from now on; the one assignment there is, when they were before."""
    person = Enrollment.objects.select_for_update(no_key=True).get(pk=enrollment.pk)
    if person.phase == Phase.WITHDRAWN:
        raise Refusal("withdrawn", "This person has left the study.", status=409, field="enrollment")
    if not clinicians_for(person).filter(user=clinician).exists():
        message = "That account is no clinician of this person's study and site."
        raise Refusal("not_a_clinician", message, field="clinician")
    found, created = Assignment.objects.get_or_create(
        enrollment=person,
        user=clinician,
        ended_at=None,
        defaults={"assigned_by": by, "created_at": now},
    )
    if created:
        _note(found, "assignment.add", by, now)
    return found


@transaction.atomic
def unassign(*, enrollment: Enrollment, clinician: User, by: User, now: datetime) -> None:
    """The person is no longer in this clinician's care, from the next request on."""
    for one in Assignment.objects.active().filter(enrollment=enrollment, user=clinician):
        Assignment.objects.filter(pk=one.pk).update(ended_at=now)
        _note(one, "assignment.end", by, now)


def clinicians_for(enrollment: Enrollment) -> QuerySet[Membership]:
    """The memberships of clinicians whose study and site are this person's."""
    here = Q(site=None) | Q(site=enrollment.site_id)
    held = Membership.objects.filter(here, study=enrollment.study_id, role=Role.CLINICIAN, ended_at=None)
    return held.select_related("user")


def _note(assignment: Assignment, action: str, by: User, now: datetime) -> None:
    record(
        chain=enrollment_chain(assignment.enrollment.public_id),
        actor=by.actor,
        action=action,
        object=f"user:{assignment.user.public_id}",
        at=now,
    )
