"""The kinds of work: each room names its own when it starts; sweeps and workers find them here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from wellness.lib.refusal import Refusal
from wellness.work.claims import ClaimableQuerySet, LeaseLost

logger = logging.getLogger(__name__)
KINDS: dict[str, Kind] = {}


@dataclass(frozen=True)
class Kind:
    """One kind of due row.

    `due(now)` is the query; `run(pk, fence, now)` does the work and, in its last transaction, releases the
    row or raises LeaseLost. `queue` names the Celery queue. Kinds run in the order they were registered.
    Phones are asked to wait while rows of one that `slows_uploads` wait long.
    """

    name: str
    queue: str
    due: Callable[[datetime], ClaimableQuerySet]
    run: Callable[[int, int, datetime], None]
    slows_uploads: bool = False


def register(kind: Kind) -> None:
    """Make a kind known; a second one of that name replaces the first."""
    KINDS[kind.name] = kind


def run_one(name: str, pk: int, now: datetime) -> bool:
    """True when the row was ours and its work is done; a failure is written to the row, not raised."""
    kind = KINDS[name]
    due = kind.due(now)
    fence = due.claim(pk, now)
    if fence is None:
        return False
    try:
        kind.run(pk, fence, now)
    except LeaseLost:
        logger.warning("%s %s: lease lost, result discarded", name, pk)
        due.everything().give_back(pk, fence)
    except Refusal as refusal:
        due.everything().fail(pk, fence, now, refusal.code, counts=not refusal.retry)
        logger.warning("%s %s refused: %s", name, pk, refusal.code)
    except Exception as error:
        # The message may quote data, so only its type is kept and logged.
        due.everything().fail(pk, fence, now, type(error).__name__)
        told = error if logger.isEnabledFor(logging.DEBUG) else None
        logger.warning("%s %s failed: %s", name, pk, type(error).__name__, exc_info=told)
    else:
        return True
    if due.everything().dead().filter(pk=pk, fence=fence).exists():
        _alarm(name, pk)
    return False


def bury(now: datetime) -> None:
    """Find the rows whose last attempt took its worker with it: nobody was left to say that they are dead."""
    for name, kind in KINDS.items():
        for pk in kind.due(now).everything().bury(now):
            _alarm(name, pk)


def _alarm(name: str, pk: int) -> None:
    logger.error("%s %s is dead: see manage.py work --dead", name, pk)


def drain(now: datetime, *names: str) -> dict[str, int]:
    """How many rows of each kind were done: all that is due here and now, until nothing is."""
    done = dict.fromkeys(names or KINDS, 0)
    while True:
        before = sum(done.values())
        for name in done:
            for pk in list(KINDS[name].due(now).values_list("pk", flat=True)):
                done[name] += run_one(name, pk, now)
        if sum(done.values()) == before:
            return done
