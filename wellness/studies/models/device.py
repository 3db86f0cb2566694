"""The phone of an enrollment and the invitation that registered it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models

from wellness.audit.models import ActorKind
from wellness.audit.services import Actor
from wellness.studies.models.enrollment import Enrollment
from wellness.studies.sealed import PersonText

TRIES = 5  # wrong guesses that an invitation bears


class DeviceQuerySet(models.QuerySet["Device"]):
    def in_use(self, *enrollments: Enrollment) -> Self:
        """Devices of these enrollments that were not revoked."""
        return self.filter(enrollment__in=enrollments, revoked_at=None)


class Device(models.Model):
    """A phone (or an importer) that may upload for exactly one enrollment, by a token kept as its digest."""

    class Platform(models.TextChoices):
        ANDROID = "android", "Android"
        IOS = "ios", "iOS"
        WEB = "web", "web app"
        IMPORT = "import", "import"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="devices")
    platform = models.CharField(max_length=10, choices=Platform.choices)
    model_name = PersonText(max_length=80, blank=True)  # people name their phones after themselves
    given_name = PersonText(max_length=40, blank=True)  # by its owner, to tell it from others
    os_version = models.CharField(max_length=40, blank=True)
    app_version = models.CharField(max_length=40, blank=True)
    token_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    purge = models.JSONField(
        null=True, blank=True, help_text="streams it must delete after a withdrawal, until it says it did"
    )

    objects = DeviceQuerySet.as_manager()

    # What DRF asks of whoever a request is authenticated as.
    is_authenticated = True

    def __str__(self) -> str:
        return f"{self.platform} of {self.enrollment_id}"

    @property
    def called(self) -> str:
        """What its owner calls it, or what it is."""
        return self.given_name or self.model_name or self.get_platform_display()

    @property
    def actor(self) -> Actor:
        """How the record names this phone."""
        return Actor(ActorKind.DEVICE, str(self.public_id))


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, now: datetime) -> Self:
        """Invitations that can still be used."""
        return self.filter(used_at=None, expires_at__gt=now, tries__lt=TRIES)


class Invitation(models.Model):
    """A single-use secret that registers one device for an enrollment, or makes it an account's own."""

    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="invitations")
    handle = models.CharField(max_length=3, blank=True, db_index=True, help_text="how a short code begins")
    code_digest = models.CharField(max_length=64, unique=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="wrong guesses at a short code")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"invitation of {self.enrollment_id}"

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and self.expires_at > now and self.tries < TRIES
