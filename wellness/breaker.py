"""Asking something that may be away, without waiting for it again and again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

logger = logging.getLogger(__name__)
REST_S = 15.0
SLOW_S = 1.0
T = TypeVar("T")


class Breaker:
    """Remembers that something failed and leaves it alone for `REST_S`; one for every process.

    While one question has waited for `SLOW_S`, nobody else asks: what hangs takes one thread, not all.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._closed_at = float("-inf")
        self._asking: dict[int, float] = {}  # by thread, since when

    def ask(self, question: Callable[[], T], otherwise: T) -> T:
        """The answer, or `otherwise` when there is none now; nothing is raised."""
        now, thread = time.monotonic(), threading.get_ident()
        if now < self._closed_at + REST_S or now > min(list(self._asking.values()), default=now) + SLOW_S:
            return otherwise
        self._asking[thread] = now
        try:
            return question()
        except Exception as error:  # whatever is away, its client raises what it likes
            self._closed_at = time.monotonic()
            logger.error("%s: %s, left alone for %.0f s", self._name, type(error).__name__, REST_S)
            return otherwise
        finally:
            self._asking.pop(thread, None)
