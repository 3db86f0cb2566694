"""Worker processes of the web server stay on a processor each, and keep memory for the next upload."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from wellness import webserver
from wellness.webserver import least_used, post_worker_init, pre_fork

only_where_one_can_choose = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system does not let processes choose"
)


def _worker(processor: int | None = None) -> SimpleNamespace:
    return SimpleNamespace(processor=processor)


@pytest.fixture
def everywhere() -> Iterator[set[int]]:
    """The processors that this thread may use, as they were, whatever a test makes of them."""
    before = os.sched_getaffinity(0)
    yield before
    os.sched_setaffinity(0, before)


def test_workers_are_spread_and_one_that_comes_back_takes_the_place_that_is_free() -> None:
    workers = {pid: _worker() for pid in range(4)}
    for pid, worker in workers.items():
        worker.processor = least_used({0, 1}, [workers[other] for other in range(pid)])
    assert [one.processor for one in workers.values()] == [1, 0, 1, 0]
    del workers[1]
    assert least_used({0, 1}, workers.values()) == 0


def test_only_processors_that_may_be_used_are_chosen() -> None:
    assert least_used({3}, [_worker(3), _worker(3)]) == 3


@only_where_one_can_choose
def test_a_worker_stays_where_it_was_put(everywhere: set[int]) -> None:
    worker, server = _worker(), SimpleNamespace(WORKERS={})
    pre_fork(server, worker)
    assert worker.processor == max(everywhere)
    assert os.sched_getaffinity(0) == everywhere
    post_worker_init(worker)
    assert os.sched_getaffinity(0) == {worker.processor}


def test_it_does_without_where_one_cannot_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webserver, "os", SimpleNamespace())
    worker = _worker(7)
    pre_fork(SimpleNamespace(WORKERS={}), worker)
    post_worker_init(worker)
    assert worker.processor is None


SEVERAL_UPLOADS = """
import resource, sys, threading
from wellness import webserver

def receive():
    for _ in range(100):
        held = [bytearray(1_300_000) for _ in range(4)]
        del held

if sys.argv[1] == "told":
    webserver.on_starting(None)
thread = threading.Thread(target=receive)
thread.start()
thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_memory_that_an_upload_frees_serves_the_next_one() -> None:
    def n_pages_asked_for(how: str) -> int:
        command = [sys.executable, "-c", SEVERAL_UPLOADS, how]
        root = Path(__file__).parents[2]
        return int(subprocess.run(command, cwd=root, capture_output=True, check=True).stdout)

    assert n_pages_asked_for("told") < n_pages_asked_for("not told") / 4
