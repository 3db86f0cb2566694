"""What uploads may take of a web process at once: threads while bodies come in, memory while they are read.

Small ones never ask. What is left hears answers: nobody's call for help waits until eight phones on slow
networks are done, and a few bodies of 64 MiB do not have the machine end the process.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.conf import settings

from wellness.lib.refusal import Refusal

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
    def taken(self, n: int) -> Iterator[None]:
        """`n` units while it lasts; Refusal when so many are not left. Whoever is alone always finds room."""
        with self._lock:
            capacity = self._capacity()
            if self._taken and capacity and self._taken + n > capacity:
                raise _busy()
            self._taken += n
        try:
            yield
        finally:
            with self._lock:
                self._taken -= n


def _busy() -> Refusal:
    after_s = random.uniform(*SOON_S)  # nosec B311 # noqa: S311  no secret
    message = "The server is reading other large uploads; send this one again soon."
    return Refusal("busy", message, status=503, retry_after_s=after_s)


_bodies = Room(lambda: settings.UPLOADS_AT_ONCE)
_memory = Room(lambda: settings.UPLOAD_RAW_BYTES)


def for_body(n_bytes: int) -> AbstractContextManager[None]:
    """While a body of that length comes in over the network."""
    return _bodies.taken(1) if n_bytes > SMALL_BODY else nullcontext()


def for_reading(n_bytes: int) -> AbstractContextManager[None]:
    """While a body of that length, uncompressed, is read: it takes up to ten times as much meanwhile."""
    return _memory.taken(n_bytes) if n_bytes > SMALL_RAW else nullcontext()
