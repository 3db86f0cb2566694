"""What goes wrong, and when: a seeded schedule of kills and outages while phones send."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence

from tests.chaos.services import PostgreSQL, Redis
from tests.chaos.stage import Stage

Fault = Callable[[float], None]  # takes a number from [0, 1) to choose a victim by


def kills(stage: Stage, n: int, seed: int) -> list[Fault]:
    """SIGKILL n times for a random piece; pieces that hold work in their hands more often than the others."""
    children: list[Fault] = [
        lambda choice: stage.kill_child("web server", choice),
        lambda choice: stage.kill_child("patient worker", choice),
    ]
    whole: list[Fault] = [
        lambda _: stage.kill("patient worker"),
        lambda _: stage.kill("urgent worker"),
        lambda _: stage.kill("web server"),
        lambda _: stage.kill("beat"),
    ]
    each = [*children, *children, *whole]
    return random.Random(seed).sample(each * -(-n // len(each)), n)


def absence(stage: Stage, broker: Redis, seconds: float) -> Fault:
    """The broker gone for a while; it comes back empty."""

    def strike(_: float) -> None:
        broker.stop()
        time.sleep(seconds)
        broker.start()
        stage.killed[f"broker absent {seconds:g} s"] += 1

    return strike


def flush(stage: Stage, broker: Redis) -> Fault:
    """Every message forgotten."""

    def strike(_: float) -> None:
        broker.flush()
        stage.killed["broker flushed"] += 1

    return strike


def crash(stage: Stage, database: PostgreSQL, seconds: float = 2) -> Fault:
    """The database stopped at once, away for a moment, and recovered."""

    def strike(_: float) -> None:
        database.stop()
        time.sleep(seconds)
        database.start()
        stage.killed["database stopped"] += 1

    return strike


class Schedule:
    """Strikes in a thread of its own from entering on, one after another, after `gap_s` on average."""

    def __init__(self, faults: Sequence[Fault], *, seed: int, gap_s: float) -> None:
        self._draw, self._faults, self._gap_s = random.Random(seed), faults, gap_s
        self._thread = threading.Thread(target=self._strike)
        self.failed: Exception | None = None

    def __enter__(self) -> Schedule:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        if self.failed:
            raise self.failed

    def _strike(self) -> None:
        try:
            for fault in self._faults:
                time.sleep(self._gap_s * self._draw.uniform(0.3, 1.7))
                fault(self._draw.random())
        except Exception as error:  # a fault that failed would otherwise end the thread unseen
            self.failed = error
