"""What is away, or hangs, is left alone."""

import threading
from collections.abc import Iterator

import pytest

from wellness import breaker
from wellness.breaker import Breaker


@pytest.fixture
def hanging() -> Iterator[Breaker]:
    """A breaker whose other side has kept somebody waiting since a moment ago."""
    found, asked, answer = Breaker("there"), threading.Event(), threading.Event()

    def hang() -> bool:
        asked.set()
        return answer.wait(30)

    waiting = threading.Thread(target=lambda: found.ask(hang, False))
    waiting.start()
    asked.wait(30)
    yield found
    answer.set()
    waiting.join()
    assert found.ask(lambda: "here again", "away") == "here again"


def test_what_fails_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Breaker("there")
    assert found.ask(lambda: 1 // 0, 7) == 7
    assert found.ask(lambda: 1, 7) == 7
    monkeypatch.setattr(breaker, "REST_S", 0.0)
    assert found.ask(lambda: 1, 7) == 1


def test_what_hangs_keeps_one_thread_and_no_other(hanging: Breaker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hanging.ask(lambda: "in time", "away") == "in time"  # that it hangs is not known yet
    monkeypatch.setattr(breaker, "SLOW_S", 0.0)
    assert hanging.ask(lambda: "in time", "away") == "away"
