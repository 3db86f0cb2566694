"""Questionnaires and what people answered."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from wellness.audit.appendonly import AppendOnly, AppendOnlyQuerySet
from wellness.studies.models import Device, Enrollment


class Instrument(models.Model):
    """One version of a questionnaire: items, how they are scored, which items are about safety."""

    slug = models.SlugField()
    version = models.PositiveIntegerField(default=1)
    locale = models.CharField(max_length=10, default="en")
    title = models.CharField(max_length=120)
    source = models.CharField(max_length=300)
    n_minutes = models.PositiveSmallIntegerField(default=1)
    items = models.JSONField(
        help_text='[{"id", "text", "kind", "low", "high", "low_label", "high_label", "phenotype"}]'
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "version", "locale"], name="%(app_label)s_%(class)s_one_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug} v{self.version}"


class Prompt(models.Model):
    """One time a person is asked: scheduled, then answered or expired."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        ANSWERED = "answered", "answered"
        EXPIRED = "expired", "expired"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="prompts")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="prompts")
    on = models.DateField(help_text="local date it belongs to")
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enrollment", "instrument", "on"], name="%(app_label)s_%(class)s_one_a_day"
            ),
            models.CheckConstraint(
                condition=Q(opens_at__lt=models.F("closes_at")), name="%(app_label)s_%(class)s_opens_first"
            ),
        ]
        indexes = [
            models.Index(fields=["closes_at"], name="surveys_prompt_closes"),
            models.Index(fields=["closes_at"], condition=Q(state="open"), name="surveys_prompt_open"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} on {self.on}"


class Answer(AppendOnly):
    """One filled-in questionnaire, sealed. A correction is a new answer that names the one it replaces.

    `sealed_reason` says why a correction was made, in the person's own words.
    """

    public_id = models.UUIDField(unique=True, help_text="chosen by the phone: sending twice stores once")
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="answers")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="answers")
    prompt = models.ForeignKey(Prompt, models.PROTECT, null=True, blank=True, related_name="answers")
    device = models.ForeignKey(Device, models.PROTECT, null=True, blank=True, related_name="+")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")
    recorded_at = models.DateTimeField()
    received_at = models.DateTimeField()
    sealed_values = models.BinaryField()
    values_sha256 = models.CharField(max_length=64)
    sealed_reason = models.BinaryField(null=True, blank=True)
    consent_epoch = models.PositiveBigIntegerField()
    consent_events = models.JSONField(default=list)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["enrollment", "recorded_at"])]

    def __str__(self) -> str:
        return str(self.public_id)
