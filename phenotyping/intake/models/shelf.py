"""What is due for a person's chunks, and how much came today."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models

from wellness.studies.models import Enrollment
from wellness.work.claims import Claimable, ClaimableQuerySet

QUIET = timedelta(hours=1)


class ShelfQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        """People some of whose fragments have waited long enough to be gathered."""
        return self.claimable(now).filter(fragments_at__lte=now - QUIET)


class Shelf(Claimable):
    """A person's chunks as a whole: since when fragments wait, and what came in on the UTC day `bytes_on`."""

    enrollment = models.OneToOneField(Enrollment, models.PROTECT, related_name="shelf")
    fragments_at = models.DateTimeField(null=True, blank=True)
    bytes_on = models.DateField(null=True, blank=True)
    n_bytes_on = models.PositiveBigIntegerField(default=0)

    objects = ShelfQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["fragments_at"],
                condition=models.Q(fragments_at__isnull=False),
                name="intake_shelf_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"shelf of {self.enrollment_id}"
