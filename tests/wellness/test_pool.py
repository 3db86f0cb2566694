"""A worker goes on when one of its processes is killed while it waits."""

import os
import signal
import time

import pytest

from wellness.pool import SurvivingPool


@pytest.mark.parametrize("n_kills", [1, 3])
def test_work_goes_on_after_kills(n_kills: int) -> None:
    pool = SurvivingPool(processes=1)
    try:
        for _ in range(n_kills):
            pid = pool.apply_async(os.getpid).get(timeout=20)
            time.sleep(0.1)  # until it waits for more, with the queue's lock
            os.kill(pid, signal.SIGKILL)
            while pool.apply_async(os.getpid).get(timeout=20) == pid:
                pass
    finally:
        pool.terminate()
        pool.join()
