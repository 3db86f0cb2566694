"""How long work waits, measured: the last row of a queue is watched until a worker takes it.

A row does not say since when it waits (a day is due again whenever late data come), and the first of a
queue never waits long, however long the queue. So the last one is the measure.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from wellness.work.claims import ClaimableQuerySet

LOOK_EVERY = timedelta(seconds=5)
FORGET_AFTER = timedelta(minutes=1)
NONE = timedelta(0)


@dataclass(frozen=True)
class _Seen:
    """What the last look found: the row that is watched, and how long the one before it had waited."""

    at: datetime
    row: tuple[int, int] | None
    since: datetime
    before: timedelta = NONE


class Lag:
    """The waiting time of one kind of work, as far as this process has seen it."""

    def __init__(self, due: Callable[[datetime], ClaimableQuerySet]) -> None:
        self._due = due
        self._lock = threading.Lock()
        self._seen: _Seen | None = None

    def at(self, now: datetime) -> timedelta:
        """How long a row waits for a worker now; zero when nothing is due. Looks at the rows every 5 s."""
        with self._lock:
            if self._seen is None or not NONE <= now - self._seen.at < LOOK_EVERY:
                self._seen = self._look(self._seen, now)
            seen = self._seen
        return max(seen.before, seen.at - seen.since) if seen.row else NONE

    def _look(self, seen: _Seen | None, now: datetime) -> _Seen:
        due = self._due(now)
        before = NONE
        if seen and seen.row:
            pk, fence = seen.row  # every claim raises the fence
            if due.filter(pk=pk, fence=fence).exists():
                return _Seen(now, seen.row, seen.since, seen.before)
            if now - seen.at < FORGET_AFTER:
                before = seen.at - seen.since
        return _Seen(now, due.values_list("pk", "fence").last(), now, before)
