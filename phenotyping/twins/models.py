"""Fitted twins, their forecasts and the cohort they borrow strength from."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from wellness.studies.models import Enrollment, Study
from wellness.work.claims import Claimable, ClaimableQuerySet


class CohortPrior(models.Model):
    """The cohort model of one variable in one study: what a new person starts from."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="cohort_priors")
    variable = models.CharField(max_length=60)
    model_version = models.CharField(max_length=20)
    parameters = models.JSONField()
    n_people = models.PositiveIntegerField()
    n_days = models.PositiveIntegerField()
    fitted_at = models.DateTimeField()
    lenders = models.JSONField(default=list, help_text="whose days it was learned from, by number")
    outdated_at = models.DateTimeField(null=True, blank=True, help_text="since when a lender lends no more")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "variable"], name="%(app_label)s_%(class)s_one_variable"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variable} in {self.study_id}"


class CohortRefitQuerySet(ClaimableQuerySet):
    def ask(self, study: Study, at: datetime) -> None:
        """Have the study's priors refitted at `at`, or earlier where that was the plan."""
        refit, is_new = self.get_or_create(study=study, defaults={"run_after": at})
        if not is_new:
            waits = self.filter(pk=refit.pk, stale_seq__gt=F("computed_seq"), run_after__lte=at)
            if not waits.exists():
                self.filter(pk=refit.pk).update(run_after=at)
            self.filter(pk=refit.pk).update(stale_seq=F("stale_seq") + 1, attempts=0)

    def due(self, now: datetime) -> Self:
        """Studies whose priors were learned from somebody who lends no more, or before a night."""
        return self.filter(stale_seq__gt=F("computed_seq")).claimable(now).order_by("run_after", "pk")


class CohortRefit(Claimable):
    """That the priors of a study are to be fitted again; nobody in particular is named."""

    study = models.OneToOneField(Study, models.CASCADE, related_name="cohort_refit")
    stale_seq = models.PositiveBigIntegerField(default=1)
    computed_seq = models.PositiveBigIntegerField(default=0)

    objects = CohortRefitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(computed_seq__lte=F("stale_seq")), name="%(app_label)s_%(class)s_seq_order"
            ),
        ]

    def __str__(self) -> str:
        return f"refit of {self.study_id}"


class TwinQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        """Twins whose person's days changed since they were fitted."""
        return self.filter(stale_seq__gt=F("computed_seq")).claimable(now).order_by("run_after", "pk")


class Twin(Claimable):
    """The personal model of one enrollment, all variables; sealed like the data it was learned from."""

    class Stage(models.TextChoices):
        STATIC = "static", "static"
        MIRROR = "mirror", "mirror"
        SHADOW = "shadow", "shadow"
        INTELLIGENT = "intelligent", "intelligent"

    enrollment = models.OneToOneField(Enrollment, models.PROTECT, related_name="twin")
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.STATIC)
    stale_seq = models.PositiveBigIntegerField(default=1)
    computed_seq = models.PositiveBigIntegerField(default=0)
    fitted_at = models.DateTimeField(null=True, blank=True)
    model_version = models.CharField(max_length=20, blank=True)
    sealed_state = models.BinaryField(null=True, blank=True)
    n_variables = models.PositiveSmallIntegerField(default=0)
    n_days = models.PositiveIntegerField(default=0)
    consent_epoch = models.PositiveBigIntegerField(default=0)
    consent_events = models.JSONField(default=list)

    objects = TwinQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(computed_seq__lte=F("stale_seq")), name="%(app_label)s_%(class)s_seq_order"
            ),
        ]

    def __str__(self) -> str:
        return f"twin of {self.enrollment_id}"


class Forecast(models.Model):
    """What a twin expected of the seven days after a date, every variable; kept to be judged later."""

    twin = models.ForeignKey(Twin, models.PROTECT, related_name="forecasts")
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="forecasts")
    origin_on = models.DateField(help_text="last local day the forecast knew")
    made_at = models.DateTimeField()
    model_version = models.CharField(max_length=20)
    n_variables = models.PositiveSmallIntegerField()
    sealed_values = models.BinaryField()
    consent_epoch = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enrollment", "origin_on", "made_at"], name="%(app_label)s_%(class)s_one_making"
            ),
        ]
        indexes = [models.Index(fields=["enrollment", "-origin_on", "-made_at"])]

    def __str__(self) -> str:
        return f"forecast of {self.enrollment_id} from {self.origin_on}"
