"""Celery's side of the work: wake-ups only. Losing one loses nothing; the next sweep finds the row."""

from celery import shared_task
from django.db import transaction

from wellness.lib.clock import utc_now
from wellness.work import kinds

BATCH = 500
WAKE_UP_S = 60  # the next sweep asks again; wake-ups nobody took do not pile up


@shared_task
def run(kind: str, pk: int) -> None:
    """Do one due row, if no other worker has it."""
    kinds.run_one(kind, pk, utc_now())


@shared_task
def sweep() -> None:
    """Wake a worker for every row that is due."""
    now = utc_now()
    for kind in kinds.KINDS.values():
        for pk in kind.due(now).values_list("pk", flat=True)[:BATCH]:
            run.apply_async((kind.name, pk), queue=kind.queue, expires=WAKE_UP_S)


def wake(kind: str, pk: int) -> None:
    """Ask for a row to be done once this transaction commits; a broker that is down costs only time."""
    queue = kinds.KINDS[kind].queue
    transaction.on_commit(lambda: run.apply_async((kind, pk), queue=queue, retry=False), robust=True)
