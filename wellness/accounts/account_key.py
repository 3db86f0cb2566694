"""The key of an account, as it is kept."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q


class AccountKey(models.Model):
    """An account's key, wrapped by a key epoch; destroying it forgets them. `owner` is their public id."""

    owner = models.UUIDField(unique=True)
    wrapped = models.BinaryField(null=True)
    key_epoch = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    shredded_at: datetime | None = models.DateTimeField(null=True, blank=True)  # type: ignore[assignment]

    class Meta:
        app_label = "wellness_accounts"
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped__isnull=False, shredded_at=None)
                | Q(wrapped__isnull=True, shredded_at__isnull=False),
                name="%(app_label)s_%(class)s_shredded_or_wrapped",
            ),
        ]

    def __str__(self) -> str:
        return f"key of {self.owner}"
