"""The ledger: every decision, with all that is needed to make it again, bit for bit."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from coach.decisions.models.point import DecisionPoint
from coach.decisions.models.rule import DecisionRule
from coach.delivery.models import Delivery
from wellness.audit.appendonly import AppendOnly, AppendOnlyQuerySet
from wellness.studies.models import Enrollment

NONE = "none"


class Decision(AppendOnly):
    """One closed decision point.

    Unavailable: `option` is none and `propensity` 0. Available: 0 < `propensity` < 1, the probability with
    which `option` was drawn; `probabilities` holds [option, probability] in the order of the draw.
    The context snapshot, which has the exact reasons, and the trace are sealed; `context_sha256` covers the
    plain context, and only the person's key makes it: of a snapshot with little in it a plain one is guessed.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="decisions")
    point = models.OneToOneField(DecisionPoint, models.PROTECT, related_name="decision")
    rule = models.ForeignKey(DecisionRule, models.PROTECT, related_name="decisions")
    at = models.DateTimeField()
    sealed_context = models.BinaryField()
    context_sha256 = models.CharField(max_length=64)
    available = models.BooleanField()
    reasons = models.JSONField(default=list, help_text="every reason for unavailability, by code")
    sealed_trace = models.BinaryField()
    policy_version = models.CharField(max_length=80)
    posterior_id = models.CharField(max_length=64, blank=True)
    probabilities = models.JSONField(default=list)
    seed_version = models.CharField(max_length=20, help_text="which draw key and generator")
    draw = models.FloatField(null=True, blank=True)
    option = models.CharField(max_length=40)
    propensity = models.FloatField()
    fallback = models.CharField(max_length=40, blank=True)
    delivery = models.OneToOneField(Delivery, models.PROTECT, null=True, blank=True, related_name="decision")
    consent_epoch = models.PositiveBigIntegerField()
    consent_events = models.JSONField(default=list)
    code_version = models.CharField(max_length=40)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(available=False, option=NONE, propensity=0, draw=None)
                | Q(
                    available=True,
                    propensity__gt=0,
                    propensity__lt=1,
                    draw__isnull=False,  # a check that comes out as NULL would pass
                    draw__gte=0,
                    draw__lt=1,
                ),
                name="%(app_label)s_%(class)s_available_is_random",
            ),
            models.CheckConstraint(
                condition=Q(delivery=None) | (Q(available=True) & ~Q(option=NONE)),
                name="%(app_label)s_%(class)s_sends_what_was_drawn",
            ),
        ]
        indexes = [models.Index(fields=["enrollment", "at"])]

    def __str__(self) -> str:
        return str(self.public_id)
