"""What follows when somebody leaves for good, and the proof that it was done."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models

from wellness.studies.models import Enrollment
from wellness.work.claims import Claimable, ClaimableQuerySet


class DeletionReceipt(models.Model):
    """The signed proof of an erasure for whoever holds its token; it holds no one's data and names no one.

    `statement` is what was done, by kind and time, once it is done; `signature` is of its canonical form.
    """

    token_digest = models.CharField(max_length=64, unique=True)
    mode = models.CharField(max_length=20)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    statement = models.JSONField(default=dict)
    signature = models.CharField(max_length=128, blank=True)

    def __str__(self) -> str:
        return f"{self.mode} asked for {self.requested_at:%Y-%m-%d}"


class ErasureRequestQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        """Requests that are not finished."""
        return self.filter(finished_at=None).claimable(now).order_by("run_after", "pk")


class ErasureRequest(Claimable):
    """That a person is to be erased or made anonymous, how far that is, and how much there was.

    While it is not finished the triggers of append-only tables let this person's rows go (ForbidChanges).
    """

    enrollment = models.OneToOneField(Enrollment, models.PROTECT, related_name="erasure_request")
    mode = models.CharField(max_length=20)
    event_id = models.UUIDField(help_text="the withdrawal that asked for it")
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    done = models.JSONField(default=list, help_text="names of the steps that are done")
    counts = models.JSONField(default=dict, help_text="how much there was when it began, by kind")
    receipt = models.OneToOneField(DeletionReceipt, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ErasureRequestQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["run_after"], condition=models.Q(finished_at=None), name="consent_erasure_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.mode} of {self.enrollment_id}"


class TombstoneMark(models.Model):
    """How far this database is with the log of withdrawals that is kept outside it; one row."""

    seq = models.PositiveBigIntegerField(default=0)
    seal = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"tombstone #{self.seq}"
