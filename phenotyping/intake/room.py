"""What large bodies may take of a web process: threads while they come or go, memory while they are read.

Small ones never ask. What is left hears answers: nobody's call for help waits until eight phones on slow
networks are done, and a few bodies of 64 MiB do not have the machine end the process.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

from wellness.lib.refusal import Refusal

Grow = Callable[[int], None]
SMALL_BODY = 64 * 2**10  # bytes that come in a breath
SMALL_RAW = 2**20
SOON_S = (5, 15)


class Room:
    """So many units for all; who finds too few left is told to come back, for waiting would take a thread."""

    def __init__(self, capacity: Callable[[], int]) -> None:
        self._capacity = capacity  # 0: without limit
        self._lock = threading.Lock()
        self._taken = 0

    @contextmanager
    def share(self) -> Iterator[Grow]:
        """How to have so many units until the end; it raises Refusal when so many are not left.

        Whoever is alone always finds room.
        """
        mine = 0

        def grow(to: int) -> None:
            nonlocal mine
            with self._lock:
                others, capacity = self._taken - mine, self._capacity()
                if others and capacity and others + to > capacity:
                    raise _busy()
                self._taken, mine = others + to, to

        try:
            yield grow
        finally:
            with self._lock:
                self._taken -= mine


def _busy() -> Refusal:
    after_s = random.uniform(*SOON_S)  # nosec B311 # noqa: S311  no secret
    message = "Other large uploads and downloads are under way; try again soon."
    return Refusal("busy", message, status=503, retry_after_s=after_s)


_bodies = Room(lambda: settings.UPLOADS_AT_ONCE)
_memory = Room(lambda: settings.UPLOAD_RAW_BYTES)
_whole = Room(lambda: settings.UPLOAD_RAW_BYTES)


@contextmanager
def for_transfer(n_bytes: int) -> Iterator[None]:
    """While a body of that length comes in over the network, or goes out."""
    with _bodies.share() as grow:
        if n_bytes > SMALL_BODY:
            grow(1)
        yield


@contextmanager
def for_reading() -> Iterator[Grow]:
    """While a body is inflated, telling how long it is so far, and read, which takes ten times as much."""
    with _memory.share() as grow:
        yield lambda n_bytes: grow(n_bytes) if n_bytes > SMALL_RAW else None


@contextmanager
def for_joining(n_bytes: int) -> Iterator[None]:
    """While a body of that length is joined from its pieces and, in a room of its own, read."""
    with _whole.share() as grow:
        if n_bytes > SMALL_RAW:
            grow(n_bytes)
        yield
