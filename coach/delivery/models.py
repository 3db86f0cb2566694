"""The outbox: what is to reach a person, whether it did, and what they answered."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from coach.library.models import Message
from wellness.studies.models import Enrollment
from wellness.work.claims import Claimable, ClaimableQuerySet


class DeliveryQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        """Deliveries waiting to be sent."""
        return self.filter(state=Delivery.State.PENDING).claimable(now).order_by("run_after", "pk")

    def to(self, enrollment: Enrollment) -> Self:
        """What reached this person, newest first."""
        return self.filter(enrollment=enrollment, state=Delivery.State.SENT).order_by("-sent_at", "-pk")


class Delivery(Claimable):
    """One message for one person. An ordinary one is sent at most once, and never after it expires."""

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        SENT = "sent", "sent"
        BLOCKED = "blocked", "blocked"
        EXPIRED = "expired", "expired"
        CANCELLED = "cancelled", "cancelled"

    class Channel(models.TextChoices):
        IN_APP = "in_app", "in the app"
        PUSH = "push", "push"
        EMAIL = "email", "e-mail"

    class Response(models.TextChoices):
        DONE = "done", "did it"
        NOT_NOW = "not_now", "not now"
        LESS = "less_like_this", "less like this"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="deliveries")
    message = models.ForeignKey(Message, models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.IN_APP)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    blocked_by = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    response = models.CharField(max_length=15, choices=Response.choices, blank=True)
    responded_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="%(app_label)s_%(class)s_sent_is_dated",
            ),
            models.CheckConstraint(
                condition=~Q(state="blocked") | ~Q(blocked_by=""),
                name="%(app_label)s_%(class)s_blocked_says_why",
            ),
            models.CheckConstraint(
                condition=Q(response="", responded_at=None) | Q(state="sent", responded_at__isnull=False),
                name="%(app_label)s_%(class)s_response_to_sent",
            ),
        ]
        indexes = [
            models.Index(fields=["run_after"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(fields=["enrollment", "sent_at"]),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
