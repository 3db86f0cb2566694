"""Uploads that come in pieces."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q

from wellness.studies.models import Device

LIFETIME = timedelta(hours=24)


class PartialUploadQuerySet(models.QuerySet["PartialUpload"]):
    def alive(self, now: datetime) -> Self:
        """Those that may still be gone on with."""
        return self.filter(started_at__gt=now - LIFETIME)

    def expired(self, now: datetime) -> Self:
        """Those that nobody finished, or asked about, in time."""
        return self.filter(started_at__lte=now - LIFETIME)

    def unfinished(self) -> Self:
        """Those without a receipt."""
        return self.filter(body_sha256="")


class PartialUpload(models.Model):
    """What a phone says of a body that it sends in pieces, and how much of it is here.

    `n_bytes` and `n_received` count bytes as they are sent; `body_sha256` is that of the receipt, once there
    is one.
    """

    device = models.ForeignKey(Device, models.PROTECT, related_name="partial_uploads")
    public_id = models.UUIDField(help_text="chosen by the phone")
    content_type = models.CharField(max_length=100)
    content_encoding = models.CharField(max_length=20, blank=True)
    stream = models.CharField(max_length=40, blank=True)
    n_bytes = models.PositiveBigIntegerField()
    raw_length = models.PositiveBigIntegerField(null=True, blank=True)
    n_received = models.PositiveBigIntegerField(default=0)
    body_sha256 = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()

    objects = PartialUploadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "public_id"], name="%(app_label)s_%(class)s_one_id"),
            models.CheckConstraint(
                condition=Q(n_received__lte=F("n_bytes")), name="%(app_label)s_%(class)s_within_length"
            ),
        ]
        indexes = [models.Index(fields=["started_at"])]

    def __str__(self) -> str:
        return str(self.public_id)


class Piece(models.Model):
    """Sealed bytes of a partial upload, from `start` on."""

    upload = models.ForeignKey(PartialUpload, models.CASCADE, related_name="pieces")
    start = models.PositiveBigIntegerField()
    sealed = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "start"], name="%(app_label)s_%(class)s_one_start")
        ]

    def __str__(self) -> str:
        return f"{self.upload_id} from {self.start}"
