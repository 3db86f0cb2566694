"""Claims: how one worker, and only one, takes a row that is due (trust.md section 6).

A claim is one conditional UPDATE, committed before the work starts, so that a row whose work kills its
worker is counted; the fence it returns must still hold when the work is finished.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

MAX_ATTEMPTS = 5
LEASE = timedelta(minutes=5)  # longer than a task may run (CELERY_TASK_TIME_LIMIT): no row runs twice at once
LONGEST_WAIT = timedelta(hours=1)
UNBLAMED_WAIT = timedelta(minutes=1)


class ClaimableQuerySet(models.QuerySet[Any]):
    """Rows that carry a claim; `due(now)` of a subclass adds what makes them due."""

    def claimable(self, now: datetime) -> Self:
        """Rows no worker holds, whose waiting time is over and that have not failed too often."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return self.filter(free, run_after__lte=now, attempts__lt=MAX_ATTEMPTS)

    def dead(self) -> Self:
        """Rows given up after the last attempt; `revive` makes them due again."""
        return self.filter(attempts__gte=MAX_ATTEMPTS, lease_until=None)

    def running(self, now: datetime) -> Self:
        """Rows a worker holds."""
        return self.filter(lease_until__gte=now)

    def failed(self, now: datetime) -> Self:
        """Rows that failed and will be tried again; those of them that still have to wait are not due."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        tried = Q(attempts__gt=0) | ~Q(last_error="")
        return self.filter(free, tried, attempts__lt=MAX_ATTEMPTS)

    def everything(self) -> Self:
        """All rows of this kind, due or not."""
        rows: Self = self.model._default_manager.all()
        return rows

    def claim(self, pk: int, now: datetime) -> int | None:
        """The fence of a row that is now ours; None when another has it, or it is no longer due, or gone."""
        mine = self.claimable(now).filter(pk=pk)
        n = mine.update(attempts=F("attempts") + 1, lease_until=now + LEASE, fence=F("fence") + 1)
        fences = self.model._default_manager.filter(pk=pk).values_list("fence", flat=True)
        return fences.first() if n == 1 else None  # an erasure may take a row that was just claimed

    def release(self, pk: int, fence: int) -> bool:
        """True when the row was still ours: its lease is dropped and its attempts forgotten."""
        return self.filter(pk=pk, fence=fence).update(lease_until=None, attempts=0, last_error="") == 1

    def give_back(self, pk: int, fence: int) -> None:
        """Drop our lease, if it is still ours, and let the attempt count: a row that never ends must die."""
        self.filter(pk=pk, fence=fence).update(lease_until=None)

    def fail(self, pk: int, fence: int, now: datetime, error: str, *, counts: bool = True) -> None:
        """Give the row back, to be tried again after 2^attempts seconds, an hour at most, with jitter.

        A row that is not to blame (the storage was away) is not charged the attempt, and waits a minute.
        """
        for row in self.filter(pk=pk, fence=fence):
            wait = min(timedelta(seconds=2**row.attempts), LONGEST_WAIT) if counts else UNBLAMED_WAIT
            self.filter(pk=pk, fence=fence).update(
                lease_until=None,
                # Whoever asked for the work meanwhile may have set the attempts back to none.
                attempts=F("attempts") if counts else Greatest(F("attempts"), 1) - 1,
                run_after=now + wait * random.uniform(0.8, 1.2),  # nosec B311 # noqa: S311
                last_error=error[:200],
            )

    def bury(self, now: datetime) -> list[int]:
        """The rows that are dead from now on because the last attempt ended with its worker."""
        gone = self.filter(attempts__gte=MAX_ATTEMPTS, lease_until__lt=now)
        pks = list(gone.values_list("pk", flat=True))
        return [pk for pk in pks if gone.filter(pk=pk).update(lease_until=None, last_error="WorkerLost")]

    def revive(self) -> int:
        """How many dead rows are due again."""
        return self.dead().update(attempts=0, lease_until=None, last_error="")


class Claimable(models.Model):
    """Columns of a row that workers claim."""

    run_after = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveBigIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True


class LeaseLost(Exception):
    """Another worker took the row over while this one worked; what this one made is discarded."""
