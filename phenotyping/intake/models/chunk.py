"""The registry of sealed chunks."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from phenotyping.intake.models.upload import Upload
from wellness.studies.models import Enrollment


class ChunkQuerySet(models.QuerySet["Chunk"]):
    def live(self) -> Self:
        """Chunks that hold what is kept: every stored row is in exactly one of them."""
        return self.filter(state=Chunk.State.LIVE)

    def in_quarantine(self) -> Self:
        """Chunks that did not open when they were read."""
        return self.filter(state=Chunk.State.QUARANTINED)

    def superseded(self, by: datetime) -> Self:
        """Chunks that were replaced at that time or before."""
        return self.filter(state=Chunk.State.SUPERSEDED, state_at__lte=by)

    def spanning(self, enrollment: Enrollment, streams: list[str], start: datetime, end: datetime) -> Self:
        """Chunks of these streams that may hold samples in [start, end)."""
        return self.filter(enrollment=enrollment, stream__in=streams, first_at__lt=end, last_at__gte=start)

    def fragments(self) -> Self:
        """Live chunks that one upload brought; they wait to be gathered into one for the day."""
        return self.live().filter(upload__isnull=False)


class Chunk(models.Model):
    """Sealed Parquet samples of one person and one stream.

    A small one is kept in its row (`sealed`), a larger one as an object in storage (`object_name`). One that
    an upload brought names it; one that was gathered from several holds one UTC day and names none.
    """

    class State(models.TextChoices):
        LIVE = "live", "live"
        SUPERSEDED = "superseded", "superseded"
        QUARANTINED = "quarantined", "quarantined"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Found by the indexes below, which begin with it.
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="chunks", db_index=False)
    stream = models.CharField(max_length=40)
    upload = models.ForeignKey(Upload, models.PROTECT, null=True, blank=True, related_name="chunks")
    state = models.CharField(max_length=12, choices=State.choices, default=State.LIVE)
    state_at = models.DateTimeField(null=True, blank=True, help_text="when it was last live")
    fault = models.CharField(max_length=80, blank=True, help_text="why it is in quarantine")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    n_rows = models.PositiveIntegerField()
    n_bytes = models.PositiveBigIntegerField()
    sealed_sha256 = models.CharField(max_length=64)
    sealed = models.BinaryField(null=True)
    # None where the row itself holds the samples: an empty text would not be unique.
    object_name = models.CharField(max_length=200, unique=True, null=True, blank=True)  # noqa: DJ001
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
            models.CheckConstraint(
                condition=Q(sealed=None, object_name__isnull=False)
                | Q(sealed__isnull=False, object_name=None),
                name="%(app_label)s_%(class)s_row_or_object",
            ),
        ]
        indexes = [
            # spanning(): by when they end, for most look at what is recent; nothing older is passed over.
            models.Index(fields=["enrollment", "stream", "last_at", "first_at"], name="intake_chunk_reach"),
            models.Index(  # fragments(): few, however many chunks there are
                fields=["enrollment", "stream"],
                condition=Q(state="live", upload__isnull=False),
                name="intake_chunk_fragment",
            ),
            models.Index(
                fields=["state", "state_at"], condition=~Q(state="live"), name="intake_chunk_not_live"
            ),
            models.Index(  # orphans.collect_superseded(): those that go after an hour, not after the window
                fields=["state_at"],
                condition=Q(state="superseded", object_name=None),
                name="intake_chunk_replaced_row",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.public_id}"
