"""One row a person-day: the phenotypes, how much was observed, and under which consent."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from wellness.studies.models import Enrollment
from wellness.work.claims import Claimable, ClaimableQuerySet


class DayQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        """Days whose data changed since they were computed."""
        return self.filter(stale_seq__gt=F("computed_seq")).claimable(now).order_by("run_after", "pk")

    def computed(self) -> Self:
        """Days that have values, in order."""
        return self.exclude(computed_at=None).order_by("on")


class Day(Claimable):
    """A local day of one person.

    `stale_seq` grows with every change of its data, `computed_seq` is the one its values rest on.
    `sealed_values` holds {phenotype: {value, observed_min, expected_min, reason}} under the person's key.
    `sealed_gaps` holds [[stream, start_us, end_us, cause]], and `lost_min` its minutes by cause. `silence` is
    how the silence that the day began in came to be: "silent" when the day does not tell, "" for none.
    """

    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="days")
    on = models.DateField()
    zone = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    stale_seq = models.PositiveBigIntegerField(default=1)
    computed_seq = models.PositiveBigIntegerField(default=0)
    computed_at = models.DateTimeField(null=True, blank=True)
    feature_set = models.CharField(max_length=64, blank=True)
    input_sha256 = models.CharField(max_length=64, blank=True)
    values_sha256 = models.CharField(max_length=64, blank=True)
    sealed_values = models.BinaryField(null=True, blank=True)
    n_values = models.PositiveSmallIntegerField(default=0)
    observed_min = models.FloatField(default=0)
    expected_min = models.FloatField(default=0)
    sealed_gaps = models.BinaryField(null=True, blank=True)
    lost_min = models.JSONField(default=dict)
    silence = models.CharField(max_length=20, blank=True)
    consent_epoch = models.PositiveBigIntegerField(default=0)
    consent_events = models.JSONField(default=list)

    objects = DayQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "on"], name="%(app_label)s_%(class)s_one_a_day"),
            models.CheckConstraint(
                condition=Q(computed_seq__lte=F("stale_seq")), name="%(app_label)s_%(class)s_seq_order"
            ),
            models.CheckConstraint(
                condition=Q(observed_min__lte=F("expected_min")),
                name="%(app_label)s_%(class)s_observed_within",
            ),
        ]
        indexes = [
            models.Index(  # due(): what the sweep looks for
                fields=["run_after"], condition=Q(stale_seq__gt=F("computed_seq")), name="days_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} of {self.enrollment_id}"
