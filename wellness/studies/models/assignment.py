"""Who cares for whom: the people assigned to a clinician, and records opened in an emergency."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from wellness.work.claims import Claimable, ClaimableQuerySet


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def active(self) -> Self:
        """Assignments that have not ended."""
        return self.filter(ended_at=None)


class Assignment(models.Model):
    """A person in the care of a clinician, until it ends."""

    enrollment = models.ForeignKey("wellness_studies.Enrollment", models.PROTECT, related_name="assignments")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="assignments")
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enrollment", "user"],
                condition=Q(ended_at=None),
                name="%(app_label)s_%(class)s_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrollment_id} to {self.user_id}"


class EmergencyAccessQuerySet(ClaimableQuerySet):
    def open(self, now: datetime) -> Self:
        """Accesses that show a record now."""
        return self.filter(opened_at__lte=now, expires_at__gt=now, verdict="")

    def unreviewed(self) -> Self:
        """Accesses that nobody has judged yet, the oldest first."""
        return self.filter(verdict="").order_by("opened_at")

    def due(self, now: datetime) -> Self:
        """Accesses of which nobody was told yet."""
        return self.filter(told_at=None).claimable(now).order_by("run_after", "pk")


class EmergencyAccess(Claimable):
    """A record that a clinician opened although it is not in their care: for hours, with a reason.

    The row is also the work of telling whoever watches over it; judging it closes it.
    """

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified", "justified"
        UNJUSTIFIED = "unjustified", "not justified"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrollment = models.ForeignKey(
        "wellness_studies.Enrollment", models.PROTECT, related_name="emergency_accesses"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="emergency_accesses")
    sealed_reason = models.BinaryField()
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("opened_at")), name="%(app_label)s_%(class)s_expires"
            ),
            models.CheckConstraint(
                condition=Q(verdict="", reviewed_at=None, reviewed_by=None)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(verdict=""),
                name="%(app_label)s_%(class)s_verdict_is_somebodys",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("user")),
                name="%(app_label)s_%(class)s_judged_by_another",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
