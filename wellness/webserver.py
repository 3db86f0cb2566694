"""How gunicorn runs the site (`--config python:wellness.webserver`): each worker process on one processor.

A phone that loses its network in the middle of a request keeps the connection, and with it a thread: a few of
them would take all threads for good, and nobody's call for help would be heard. So silence ends.

Of a worker's threads Python runs one at a time. Where each wakes on another processor, at every answer of the
database, it takes the memory of all with it, and an upload of a few rows costs twice the processor time.

What an upload frees the next one needs again. Given back to the system in between, as the C library would, it
comes back a page at a time and cleared: a tenth of what a large upload costs.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

SILENCE_S = 20  # without a byte of a request that has begun, or room for one of its answer
KEPT_BYTES = 32 * 2**20  # of freed memory, for the uploads to come
LARGE_BYTES = 4 * 2**20  # from here on what is freed goes back at once
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # mallopt(3)


class Worker(Protocol):
    """A worker process of gunicorn, on both sides of the fork."""

    processor: int | None


class Arbiter(Protocol):
    """gunicorn's master process and the workers it has, by process id."""

    WORKERS: Mapping[int, Worker]
    LISTENERS: Iterable[Listener]


class Listener(Protocol):
    """What gunicorn accepts connections on."""

    sock: socket.socket


def on_starting(server: Arbiter) -> None:
    """Have the workers keep the memory that an upload frees, in one heap for all threads.

    Only glibc can be told; other C libraries do as they do.
    """
    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    if tell is not None:
        tell(M_TRIM_THRESHOLD, KEPT_BYTES)
        tell(M_MMAP_THRESHOLD, LARGE_BYTES)
        tell(M_ARENA_MAX, 1)  # Python runs one thread at a time; a heap each would keep as much each


def when_ready(server: Arbiter) -> None:
    """Have reads and writes that wait too long fail: what is accepted has this from what it is accepted on.

    The system does it, for gunicorn turns off the time-outs that Python knows of.
    """
    patience = struct.pack("ll", SILENCE_S, 0)
    for listener in server.LISTENERS:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, patience)


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
