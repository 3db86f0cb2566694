"""The ledger of uploads."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from wellness.studies.models import Device, Enrollment


class Upload(models.Model):
    """One upload of one device and its receipt: sent = stored + refused, for ever as first answered.

    `clock_offset_ms` is how far the device's clock was ahead of ours (negative: behind), give or take
    `clock_error_ms`, as far as was known then; `zone` is where the device said it was at `stated_at`.
    """

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
    boot_id = models.CharField(max_length=64, blank=True)
    clock_offset_ms = models.BigIntegerField(null=True, blank=True)
    clock_error_ms = models.BigIntegerField(null=True, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    stated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "public_id"], name="%(app_label)s_%(class)s_one_id"),
            models.CheckConstraint(
                condition=Q(n_sent=F("n_stored") + F("n_refused")), name="%(app_label)s_%(class)s_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(clock_offset_ms=None, clock_error_ms=None)
                | Q(clock_offset_ms__isnull=False, clock_error_ms__gte=0),
                name="%(app_label)s_%(class)s_offset_with_error",
            ),
        ]
        indexes = [
            models.Index(fields=["enrollment", "received_at"]),
            models.Index(fields=["device", "received_at"]),  # the clock of a device
            models.Index(
                fields=["enrollment", "stated_at"],  # where a person was
                condition=Q(stated_at__isnull=False),
                name="intake_upload_stated",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class UploadPart(models.Model):
    """What one upload brought of one stream; `refusals` is [{"code", "first", "last", "n"}] by row index.

    `n_duplicates` of the stored rows turned out, when chunks were gathered, to be kept already.
    """

    upload = models.ForeignKey(Upload, models.PROTECT, related_name="parts")
    stream = models.CharField(max_length=40)
    n_sent = models.PositiveIntegerField()
    n_stored = models.PositiveIntegerField()
    n_refused = models.PositiveIntegerField()
    n_duplicates = models.PositiveIntegerField(default=0)
    refusals = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "stream"], name="%(app_label)s_%(class)s_one_stream"),
            models.CheckConstraint(
                condition=Q(n_sent=F("n_stored") + F("n_refused")), name="%(app_label)s_%(class)s_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(n_duplicates__lte=F("n_stored")), name="%(app_label)s_%(class)s_duplicates_stored"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} of {self.upload_id}"
