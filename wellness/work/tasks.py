"""Celery's side of the work: wake-ups only. Losing one loses nothing; the next sweep finds the row."""

import logging
from datetime import datetime

from celery import shared_task
from django.db import transaction

from wellness.breaker import Breaker
from wellness.lib.clock import utc_now
from wellness.work import kinds

logger = logging.getLogger(__name__)
BATCH = 500
WAKE_UP_S = 60  # the next sweep asks again; wake-ups nobody took do not pile up
_BROKER = Breaker("broker")


@shared_task
def run(kind: str, pk: int) -> None:
    """Do one due row, if no other worker has it."""
    kinds.run_one(kind, pk, utc_now())


@shared_task
def sweep() -> None:
    """Wake a worker for every row that is due; one kind's trouble does not keep the others waiting."""
    now = utc_now()
    for kind in kinds.KINDS.values():
        for pk in _due(kind, now):
            run.apply_async((kind.name, pk), queue=kind.queue, expires=WAKE_UP_S)


@shared_task
def bury() -> None:
    """Say which rows are dead because every attempt took its worker with it."""
    kinds.bury(utc_now())


def _due(kind: kinds.Kind, now: datetime) -> list[int]:
    try:
        return list(kind.due(now).values_list("pk", flat=True)[:BATCH])
    except Exception as error:
        logger.error("sweep of %s: %s", kind.name, type(error).__name__)  # the message may quote data
        return []


def wake(kind: str, pk: int) -> None:
    """Ask for a row to be done once this transaction commits; a broker that is down costs seconds, once."""
    queue = kinds.KINDS[kind].queue

    def ask() -> None:
        run.apply_async((kind, pk), queue=queue, retry=False, expires=WAKE_UP_S)

    transaction.on_commit(lambda: _BROKER.ask(ask, None), robust=True)
