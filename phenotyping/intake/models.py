"""The ledger of uploads and the registry of sealed chunks."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from wellness.studies.models import Device, Enrollment


class Upload(models.Model):
    """One upload of one device and its receipt: sent = stored + refused, for ever as first answered."""

    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="uploads")
    device = models.ForeignKey(Device, models.PROTECT, related_name="uploads")
    public_id = models.UUIDField(help_text="chosen by the phone")
    body_sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=60)
    n_wire_bytes = models.PositiveBigIntegerField()
    n_sent = models.PositiveIntegerField()
    n_stored = models.PositiveIntegerField()
    n_refused = models.PositiveIntegerField()
    receipt = models.JSONField()
    sent_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    consent_epoch = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "public_id"], name="%(app_label)s_%(class)s_one_id"),
            models.CheckConstraint(
                condition=Q(n_sent=F("n_stored") + F("n_refused")), name="%(app_label)s_%(class)s_adds_up"
            ),
        ]
        indexes = [models.Index(fields=["enrollment", "received_at"])]

    def __str__(self) -> str:
        return str(self.public_id)


class UploadPart(models.Model):
    """What one upload brought of one stream; `refusals` is [{"code", "first", "last", "n"}] by row index."""

    upload = models.ForeignKey(Upload, models.PROTECT, related_name="parts")
    stream = models.CharField(max_length=40)
    n_sent = models.PositiveIntegerField()
    n_stored = models.PositiveIntegerField()
    n_refused = models.PositiveIntegerField()
    refusals = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "stream"], name="%(app_label)s_%(class)s_one_stream"),
            models.CheckConstraint(
                condition=Q(n_sent=F("n_stored") + F("n_refused")), name="%(app_label)s_%(class)s_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} of {self.upload_id}"


class ChunkQuerySet(models.QuerySet["Chunk"]):
    def overlapping(self, enrollment: Enrollment, streams: list[str], start: datetime, end: datetime) -> Self:
        """Live chunks of these streams that may hold samples in [start, end)."""
        return self.filter(
            enrollment=enrollment,
            stream__in=streams,
            state=Chunk.State.LIVE,
            first_at__lt=end,
            last_at__gte=start,
        )


class Chunk(models.Model):
    """One sealed Parquet object: samples of one person, one stream."""

    class State(models.TextChoices):
        LIVE = "live", "live"
        SUPERSEDED = "superseded", "superseded"
        QUARANTINED = "quarantined", "quarantined"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="chunks")
    stream = models.CharField(max_length=40)
    upload = models.ForeignKey(Upload, models.PROTECT, null=True, blank=True, related_name="chunks")
    state = models.CharField(max_length=12, choices=State.choices, default=State.LIVE)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    n_rows = models.PositiveIntegerField()
    n_bytes = models.PositiveBigIntegerField()
    sealed_sha256 = models.CharField(max_length=64)
    object_name = models.CharField(max_length=200, unique=True)
    key_epoch = models.PositiveIntegerField()
    consent_epoch = models.PositiveBigIntegerField()
    consent_events = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ChunkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(n_rows__gt=0), name="%(app_label)s_%(class)s_not_empty"),
            models.CheckConstraint(
                condition=Q(first_at__lte=F("last_at")), name="%(app_label)s_%(class)s_time_runs_on"
            ),
        ]
        indexes = [models.Index(fields=["enrollment", "stream", "first_at"])]  # read(): chunks of an interval

    def __str__(self) -> str:
        return f"{self.stream} {self.public_id}"
