"""The word that a draft waits for approval."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models

from wellness.consent.models.document import ConsentDocument
from wellness.work.claims import Claimable, ClaimableQuerySet


class ApprovalRequestQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        """Requests that nobody was told of yet."""
        return self.filter(told_at=None).claimable(now).order_by("run_after", "pk")


class ApprovalRequest(Claimable):
    """Somebody asked the others who answer for the study to approve the text with that digest."""

    document = models.ForeignKey(ConsentDocument, models.CASCADE, related_name="approval_requests")
    document_sha256 = models.CharField(max_length=64)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "document_sha256"], name="%(app_label)s_%(class)s_one_each"
            ),
        ]

    def __str__(self) -> str:
        return f"request to approve {self.document_id}"
