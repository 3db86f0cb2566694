"""How gunicorn runs the site (`--config python:wellness.webserver`): each worker process on one processor.

Of a worker's threads Python runs one at a time. Where each wakes on another processor, at every answer of the
database, it takes the memory of all with it, and an upload of a few rows costs twice the processor time.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol


class Worker(Protocol):
    """A worker process of gunicorn, on both sides of the fork."""

    processor: int | None


class Arbiter(Protocol):
    """gunicorn's master process and the workers it has, by process id."""

    WORKERS: Mapping[int, Worker]


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Choose, where one can choose, the processor that the fewest of the other workers run on."""
    worker.processor = None
    if hasattr(os, "sched_getaffinity"):
        worker.processor = least_used(os.sched_getaffinity(0), server.WORKERS.values())


def post_worker_init(worker: Worker) -> None:
    """Stay on that processor; threads that begin from now on do so too."""
    if worker.processor is not None:
        os.sched_setaffinity(0, {worker.processor})


def least_used(processors: Iterable[int], workers: Iterable[Worker]) -> int:
    """The processor with the fewest workers; of several the last, for the first also serves the devices."""
    used = Counter(worker.processor for worker in workers)
    return min(sorted(processors, reverse=True), key=lambda one: used[one])
