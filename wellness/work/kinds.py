"""The kinds of work: each room names its own when it starts; sweeps and workers find them here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from wellness.work.claims import ClaimableQuerySet, LeaseLost

logger = logging.getLogger(__name__)
KINDS: dict[str, Kind] = {}


@dataclass(frozen=True)
class Kind:
    """One kind of due row.

    `due(now)` is the query; `run(pk, fence, now)` does the work and, in its last transaction, releases the
    row or raises LeaseLost. `queue` names the Celery queue. Kinds run in the order they were registered.
    """

    name: str
    queue: str
    due: Callable[[datetime], ClaimableQuerySet]
    run: Callable[[int, int, datetime], None]


def register(kind: Kind) -> None:
    """Make a kind known; a second one of that name replaces the first."""
    KINDS[kind.name] = kind


def run_one(name: str, pk: int, now: datetime) -> bool:
    """True when the row was ours and its work is done; a failure is written to the row, not raised."""
    kind = KINDS[name]
    rows = kind.due(now)
    fence = rows.claim(pk, now)
    if fence is None:
        return False
    try:
        kind.run(pk, fence, now)
    except LeaseLost:
        logger.warning("%s %s: lease lost, result discarded", name, pk)
        rows.model._default_manager.all().give_back(pk, fence)
    except Exception as error:
        # The message may quote data, so only its type is kept and logged.
        rows.model._default_manager.all().fail(pk, fence, now, type(error).__name__)
        logger.exception(
            "%s %s failed", name, pk, exc_info=error if logger.isEnabledFor(logging.DEBUG) else False
        )
    else:
        return True
    return False


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
