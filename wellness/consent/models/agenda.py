"""When a person's consent changes by the clock, and who awaits a word about it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from wellness.consent.models.document import ConsentDocument
from wellness.consent.models.event import Capacity, ConsentEvent
from wellness.studies.models import Enrollment
from wellness.work.claims import Claimable, ClaimableQuerySet


class AgendaQuerySet(ClaimableQuerySet):
    def call(self, people: Iterable[int], at: datetime) -> None:
        """Have consent of these people looked at by then, or earlier where that was the plan."""
        pks = list(people)
        self.bulk_create([self.model(enrollment_id=pk) for pk in pks], ignore_conflicts=True)
        later = self.filter(enrollment__in=pks).exclude(next_at__lte=at)
        later.update(next_at=at, run_after=at, attempts=0)

    def due(self, now: datetime) -> Self:
        """People whose consent changes by the clock by now: an expiry, a pause that ends, a new version."""
        return self.filter(next_at__lte=now).claimable(now).order_by("next_at", "pk")


class ConsentAgenda(Claimable):
    """When consent of a person has to be looked at next; empty while nothing is to come."""

    enrollment = models.OneToOneField(Enrollment, models.CASCADE, related_name="consent_agenda")
    next_at = models.DateTimeField(null=True, blank=True)

    objects = AgendaQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="wellness_consent_agenda_due")]

    def __str__(self) -> str:
        return f"consent of {self.enrollment_id} at {self.next_at}"


class Minority(models.Model):
    """A person who is, or was, not of age: the birth date sealed, in clear only the day they come of age."""

    enrollment = models.OneToOneField(Enrollment, models.CASCADE, related_name="minority")
    majority_on = models.DateField()
    sealed_birth = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.enrollment_id} of age on {self.majority_on}"


class NoticeQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        """What the participant was not told yet."""
        return self.filter(sent_at=None).claimable(now).order_by("run_after", "pk")


class ConsentNotice(Claimable):
    """The participant is to be told what somebody else had recorded of their consent."""

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="consent_notices")
    event = models.OneToOneField(ConsentEvent, models.CASCADE, related_name="notice")
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"notice of {self.event_id}"


class PaperQuerySet(models.QuerySet["PaperConsent"]):
    def pending(self) -> Self:
        """Sheets that a second person has not looked at yet."""
        return self.filter(checked_at=None)


class PaperConsent(models.Model):
    """A signed sheet that staff recorded: nothing is granted until a second person has checked the scan."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="paper_consents")
    document = models.ForeignKey(ConsentDocument, models.PROTECT, related_name="+")
    scopes = models.JSONField()
    capacity = models.CharField(max_length=15, choices=Capacity.choices)
    signed_on = models.DateField()
    scan_sha256 = models.CharField(max_length=64)
    sealed_names = models.BinaryField(help_text="printed name of the signer, and the witness")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    checked_at = models.DateTimeField(null=True, blank=True)
    event = models.OneToOneField(ConsentEvent, models.PROTECT, null=True, blank=True, related_name="paper")

    objects = PaperQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(checked_by=None) | ~Q(checked_by=models.F("recorded_by")),
                name="%(app_label)s_%(class)s_two_people",
            ),
            models.CheckConstraint(
                condition=Q(event=None) | Q(checked_at__isnull=False),
                name="%(app_label)s_%(class)s_checked_before_granted",
            ),
        ]

    def __str__(self) -> str:
        return f"sheet {self.public_id}"
