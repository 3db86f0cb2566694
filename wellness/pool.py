"""The processes of a worker, which go on when one of them is killed."""

import time
from typing import Any

from billiard.pool import Pool
from celery.concurrency import prefork

LONGEST_S = 2  # to wait for a lock when the pool is terminated


class SurvivingPool(Pool):
    """A pool whose queues outlive the process that held them.

    Without an event loop (the embedded broker has none) billiard's processes share the locks of two queues.
    One that is killed while it waits for work takes a lock with it, and its successor would wait for ever.
    """

    def _join_exited_workers(self, shutdown: bool = False) -> Any:
        exited = super()._join_exited_workers(shutdown)  # type: ignore[misc]
        pool: Any = self  # billiard's types leave out what it does not document
        if exited and not pool._pool:  # nobody is left who may hold them
            for lock in (pool._inqueue._rlock, pool._outqueue._wlock):
                lock.acquire(block=False)
                lock.release()
            if min(exited) < 0:  # killed; one that ended by itself said all it had to say
                self._give_up_what_was_read(min(exited))
        return exited

    def _give_up_what_was_read(self, exitcode: int) -> None:
        """End the jobs that a process took and did not live to say so, or no other message would be taken.

        One that is about to be written is ended, too, and done twice: a row is claimed once all the same.
        """
        pool: Any = self
        if not pool._taskqueue.empty() or pool._inqueue._reader.poll():
            return
        for job in list(pool._cache.values()):
            if not (job.accepted() or job.ready()):
                pool.mark_as_worker_lost(job, exitcode)

    @staticmethod
    def _help_stuff_finish(inqueue: Any, task_handler: Any, _pool: Any) -> None:
        """Unlike billiard's, ends although a process that waits for work keeps the lock.

        One that was started after the others were told to go is not told, and is about to be terminated.
        """
        if not inqueue._rlock.acquire(timeout=LONGEST_S):
            return
        while task_handler.is_alive() and inqueue._reader.poll():
            inqueue._reader.recv()
            time.sleep(0)


class TaskPool(prefork.TaskPool):
    """Celery's processes, in that pool where there is no event loop."""

    BlockingPool = SurvivingPool
