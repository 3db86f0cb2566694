"""A kind of work that exists for tests only; its table is made by whoever needs it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self

from django.db import models

from wellness.work.claims import Claimable, ClaimableQuerySet, LeaseLost

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
Run = Callable[[int, int, datetime], None]


class ErrandQuerySet(ClaimableQuerySet):
    def due(self, now: datetime) -> Self:
        return self.filter(done=False).claimable(now).order_by("run_after", "pk")


class Errand(Claimable):
    done = models.BooleanField(default=False)
    objects = ErrandQuerySet.as_manager()

    class Meta:
        app_label = "wellness_work"


def finish(pk: int, fence: int, now: datetime) -> None:
    if not Errand.objects.filter(pk=pk).release(pk, fence):
        raise LeaseLost
    Errand.objects.filter(pk=pk).update(done=True)


def break_down(pk: int, fence: int, now: datetime) -> None:
    raise ValueError("ada@example.org slept badly")
