"""A decision point: the moment at which one rule decides for one person."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from coach.decisions.models.rule import DecisionRule
from wellness.studies.models import Enrollment
from wellness.work.claims import Claimable, ClaimableQuerySet


class DecisionPointQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        """Points whose time has come and that are not decided."""
        return self.filter(closed_at=None, due_at__lte=now).claimable(now).order_by("due_at", "pk")


class DecisionPoint(Claimable):
    """One slot of one local day; decided once, whatever runs twice."""

    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="decision_points")
    rule = models.ForeignKey(DecisionRule, models.PROTECT, related_name="points")
    on = models.DateField()
    slot = models.TimeField(help_text="local wall time")
    zone = models.CharField(max_length=64)
    due_at = models.DateTimeField()
    grace_until = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = DecisionPointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enrollment", "rule", "on", "slot"], name="%(app_label)s_%(class)s_one_slot"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(closed_at=None), name="decision_point_due")]

    def __str__(self) -> str:
        return f"{self.on} {self.slot} of {self.enrollment_id}"
