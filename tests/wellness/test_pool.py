"""A worker goes on when one of its processes is killed while it waits."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from billiard.einfo import ExceptionWithTraceback
from billiard.pool import Worker

from wellness.pool import SurvivingPool


def answered(pool: SurvivingPool) -> int:
    """The process that takes a task."""
    return int(pool.apply_async(os.getpid).get(timeout=20))


def alive(pid: int) -> bool:
    """Whether a process may still take a task: one that is being killed may."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("n_kills", [1, 3])
def test_work_goes_on_after_kills(n_kills: int) -> None:
    pool = SurvivingPool(processes=1)
    try:
        for _ in range(n_kills):
            pid = answered(pool)
            time.sleep(0.1)  # until it waits for more, with the queue's lock
            os.kill(pid, signal.SIGKILL)
            while alive(pid):
                time.sleep(0.01)
            assert answered(pool) != pid
    finally:
        pool.terminate()
        pool.join()


def test_a_job_that_was_read_by_a_process_that_died_of_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading and saying so: the message would never be acknowledged, and be the worker's last."""
    die, received = tmp_path / "die", Worker._make_recv_method

    def receive(self: Any, connection: Any) -> Any:
        read = received(self, connection)

        def _read(timeout: float) -> Any:
            found = read(timeout)
            if die.exists():
                die.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return _read

    monkeypatch.setattr(Worker, "_make_recv_method", receive)
    pool = SurvivingPool(processes=1)
    try:
        answered(pool)
        die.touch()
        with pytest.raises(ExceptionWithTraceback, match="exited prematurely"):
            pool.apply_async(os.getpid).get(timeout=20)
        assert answered(pool)
    finally:
        pool.terminate()
        pool.join()


def test_a_process_that_was_not_told_to_go_is_terminated() -> None:
    pool = SurvivingPool(processes=1)
    answered(pool)
    pool._task_handler.tell_others = lambda: None
    pool.terminate()
    pool.join()
    assert not any(process.is_alive() for process in pool._pool)
