"""What a member of staff may know of: the people that one of their roles covers at this moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from wellness.studies.models.assignment import Assignment, EmergencyAccess
from wellness.studies.models.study import Membership, Reach, Role

if TYPE_CHECKING:
    from wellness.accounts.models import User


def in_care(user: User, roles: Collection[str]) -> Q:
    """Of enrollments: those that a role of the user covers, by study, site or assignment."""
    return covered(user, roles, Assignment.objects.active().filter(enrollment=OuterRef("pk"), user=user))


def covered(user: User, roles: Collection[str], assigned: QuerySet[Any]) -> Q:
    """Of rows with a study and a site: those that a role of the user covers; `assigned` are who is theirs."""
    held = _held(user).filter(Q(site=None) | Q(site=OuterRef("site")), role__in=roles)
    everyone = Q(Exists(held.filter(reach=Reach.SITE)))
    return everyone | Q(Exists(held.filter(reach=Reach.ASSIGNED)), Exists(assigned))


def opened(user: User, now: datetime) -> Q:
    """Of enrollments: those that the user, still a clinician of the study, opened in an emergency."""
    accesses = EmergencyAccess.objects.open(now).filter(enrollment=OuterRef("pk"), user=user)
    clinician = _held(user).filter(role=Role.CLINICIAN)
    return Q(Exists(accesses), Exists(clinician)) & ~Q(phase="withdrawn")


def _held(user: User) -> QuerySet[Membership]:
    return Membership.objects.filter(study=OuterRef("study"), user=user, ended_at=None)
