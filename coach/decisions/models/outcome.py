"""The proximal outcome of a decision: observed, or missing with a reason; never 0 for missing."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from coach.decisions.models.decision import Decision
from wellness.studies.models import Enrollment
from wellness.work.claims import Claimable, ClaimableQuerySet


class OutcomeQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        """Open outcomes whose window is over, and closed ones whose data changed."""
        open_ = Q(state=Outcome.State.OPEN, window_ends_at__lte=now)
        return (
            self.filter(open_ | ~Q(state=Outcome.State.OPEN) & Q(stale_seq__gt=F("computed_seq")))
            .claimable(now)
            .order_by("window_ends_at", "pk")
        )


class Outcome(Claimable):
    """What followed in the window after a decision."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        OBSERVED = "observed", "observed"
        MISSING = "missing", "missing"

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="outcome")
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="outcomes")
    variable = models.CharField(max_length=60)
    unit = models.CharField(max_length=20)
    window_starts_at = models.DateTimeField()
    window_ends_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    sealed_value = models.BinaryField(null=True, blank=True)
    missing_because = models.CharField(max_length=60, blank=True)
    stale_seq = models.PositiveBigIntegerField(default=0)
    computed_seq = models.PositiveBigIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", sealed_value__isnull=True)
                | Q(state="observed", sealed_value__isnull=False, closed_at__isnull=False)
                | (
                    Q(state="missing", sealed_value__isnull=True, closed_at__isnull=False)
                    & ~Q(missing_because="")
                ),
                name="%(app_label)s_%(class)s_value_or_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["enrollment", "window_ends_at"], name="decision_outcome_reach"),
            models.Index(fields=["window_ends_at"], condition=Q(state="open"), name="decision_outcome_open"),
            models.Index(
                fields=["window_ends_at"],
                condition=Q(stale_seq__gt=F("computed_seq")),
                name="decision_outcome_stale",
            ),
        ]

    def __str__(self) -> str:
        return f"outcome of {self.decision_id}"
