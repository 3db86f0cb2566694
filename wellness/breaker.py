"""Asking something that may be away, without waiting for it again and again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

logger = logging.getLogger(__name__)
REST_S = 15.0
T = TypeVar("T")


class Breaker:
    """Remembers that something failed and leaves it alone for `REST_S`; one for every process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._closed_at = float("-inf")

    def ask(self, question: Callable[[], T], otherwise: T) -> T:
        """The answer, or `otherwise` when there is none now; nothing is raised."""
        if time.monotonic() < self._closed_at + REST_S:
            return otherwise
        try:
            return question()
        except Exception as error:  # whatever is away, its client raises what it likes
            self._closed_at = time.monotonic()
            logger.error("%s: %s, left alone for %.0f s", self._name, type(error).__name__, REST_S)
            return otherwise
