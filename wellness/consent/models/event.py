"""What a person agreed to and withdrew, in order, for ever."""

import uuid

from django.conf import settings
from django.db import models

from wellness.audit.appendonly import AppendOnly, AppendOnlyQuerySet
from wellness.consent.models.document import ConsentDocument
from wellness.studies.models import Device, Enrollment


class Action(models.TextChoices):
    GRANT = "grant", "granted"
    DENY = "deny", "declined"
    WITHDRAW = "withdraw", "withdrawn"
    PAUSE = "pause", "paused"
    EXPIRE = "expire", "expired"
    SUPERSEDE = "supersede", "superseded"
    REAFFIRM = "reaffirm", "reaffirmed"
    IMPORT = "import", "imported"
    RESUME = "resume", "resumed"
    PROXY = "proxy", "proxy changed"


class Capacity(models.TextChoices):
    SELF = "self", "the participant"
    PARENT = "parent", "parent"
    GUARDIAN = "guardian", "guardian"
    REPRESENTATIVE = "representative", "legal representative"
    ASSENT = "assent", "child's assent"
    STAFF = "staff", "recorded by staff"


class ConsentEvent(AppendOnly):
    """One act of consent. `scopes` is [[purpose, stream], ...]; `hash` chains the person's events.

    `covers_from` is the earliest event time of data that a grant covers: the moment of granting, or
    earlier where the person hands in data they already have (FHIR Consent `dataPeriod`); of a resumption,
    the moment from which data are taken in again. `expiries` is [[purpose, stream, epoch microseconds], ...]
    of the grants that end by themselves; `until` is when a pause does. `proxy` is who may sign for the
    person from a change of proxy on. `evidence` says how others than the person themselves know of it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="consent_events")
    seq = models.PositiveIntegerField()
    action = models.CharField(max_length=10, choices=Action.choices)
    document = models.ForeignKey(ConsentDocument, models.PROTECT, related_name="events")
    document_sha256 = models.CharField(max_length=64)
    scopes = models.JSONField()
    covers_from = models.DateTimeField(null=True, blank=True)
    withdrawal_mode = models.CharField(max_length=20, blank=True)
    signer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    capacity = models.CharField(max_length=15, choices=Capacity.choices, default=Capacity.SELF)
    signature = models.JSONField(default=dict)
    client_at = models.DateTimeField(null=True, blank=True)
    client_zone = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    device = models.ForeignKey(Device, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    expiries = models.JSONField(default=list, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    proxy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    evidence = models.JSONField(default=dict, blank=True)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "seq"], name="%(app_label)s_%(class)s_one_seq"),
        ]
        ordering = ["enrollment", "seq"]

    def __str__(self) -> str:
        return f"{self.action} #{self.seq} of {self.enrollment_id}"
