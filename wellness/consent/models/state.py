"""What is in force: a projection of the events, rebuilt from them at any time."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from wellness.consent.models.document import ConsentDocument
from wellness.consent.models.event import ConsentEvent
from wellness.studies.models import Enrollment


class Party(models.TextChoices):
    """Whose yes it is. One's own is enough; of a child it takes both the permission and the assent."""

    SELF = "self", "the person, or who represents them"
    PERMISSION = "permission", "a guardian's permission"
    ASSENT = "assent", "a child's assent"


class StateQuerySet(models.QuerySet["ConsentState"]):
    def held(self) -> Self:
        """What people stand by: what is in force, and what a pause put aside."""
        return self.filter(Q(valid_to=None) | Q(paused=True))


class ConsentState(models.Model):
    """One period in which a purpose was granted for a stream; `valid_to` empty = still in force.

    `paused` marks what a pause ended and a resumption brings back: a row of its own, with the same `event`
    and the number of the resuming one in `resumed_seq`.
    """

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="consent_states")
    purpose = models.CharField(max_length=40)
    stream = models.CharField(max_length=40)
    document = models.ForeignKey(ConsentDocument, models.PROTECT, related_name="+")
    event = models.ForeignKey(ConsentEvent, models.PROTECT, related_name="+")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    covers_from = models.DateTimeField()
    party = models.CharField(max_length=10, choices=Party.choices, default=Party.SELF)
    expires_at = models.DateTimeField(null=True, blank=True)
    paused = models.BooleanField(default=False)
    resumed_seq = models.PositiveIntegerField(null=True, blank=True)

    objects = StateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enrollment", "purpose", "stream", "party"],
                condition=Q(valid_to=None),
                name="%(app_label)s_%(class)s_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(covers_from__lte=models.F("valid_from")),
                name="%(app_label)s_%(class)s_covers_before_valid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.stream} of {self.enrollment_id}"
