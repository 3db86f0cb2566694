"""What leaves: a person's own copy, and a study's data without anyone's identity."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from wellness.studies.models import Enrollment, Study
from wellness.work.claims import Claimable, ClaimableQuerySet

if TYPE_CHECKING:
    from wellness.accounts.models import User


class TakeoutQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        """Copies that were asked for and are not made yet."""
        return self.filter(state=Takeout.State.ASKED).claimable(now).order_by("run_after", "pk")

    def ready(self, now: datetime) -> Self:
        """Copies that can be fetched."""
        return self.filter(state=Takeout.State.MADE, expires_at__gt=now)

    def expired(self, now: datetime) -> Self:
        """Copies whose time is over and whose pieces are still there."""
        return self.filter(state=Takeout.State.MADE, expires_at__lte=now)


class Takeout(Claimable):
    """One copy of all that is kept of a person, made for themselves, sealed, in pieces, for a week.

    It is made by one run or several: `runs` is [[fence, pieces], ...] of what is kept of them, in order, for
    the fence names the pieces of a run, so that two never mix. `sealed_progress` is where the next goes on.
    """

    class State(models.TextChoices):
        ASKED = "asked", "being made"
        MADE = "made", "ready"
        GONE = "gone", "gone"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="takeouts")
    state = models.CharField(max_length=5, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    runs = models.JSONField(default=list, blank=True)
    sealed_progress = models.BinaryField(null=True, blank=True)
    n_bytes = models.PositiveBigIntegerField(default=0)

    objects = TakeoutQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enrollment"], condition=Q(state="asked"), name="%(app_label)s_%(class)s_one_asked"
            ),
            models.CheckConstraint(
                condition=~Q(state="made") | Q(made_at__isnull=False, expires_at__isnull=False),
                name="%(app_label)s_%(class)s_made_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class ReleaseQuerySet(models.QuerySet["Release"]):
    def takeable_by(self, user: User, now: datetime) -> Self:
        """Releases that the user asked for and somebody else approved, while they last."""
        return self.filter(asked_by=user, approved_at__isnull=False, expires_at__gt=now)


class Release(models.Model):
    """Leave to take a study's data without anyone's identity: asked for by one, approved by another."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="releases")
    why = models.CharField(max_length=200)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None, expires_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False, expires_at__isnull=False),
                name="%(app_label)s_%(class)s_approval_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("asked_by")),
                name="%(app_label)s_%(class)s_by_two_people",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
