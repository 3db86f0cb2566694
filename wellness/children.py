"""Child processes that are started together, watched together and never outlive their parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LIFELINE = "lifeline"


class Children:
    """Named child processes in one process group, which `wellness.lifeline` ends should we be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._group = 0  # of its own: the first process leads it
        self.start(LIFELINE, "wellness.lifeline")
        self._group = self._processes[LIFELINE].pid

    def start(self, name: str, module: str, *arguments: str) -> None:
        """Run a Python module as a child."""
        stdin = subprocess.PIPE if name == LIFELINE else subprocess.DEVNULL
        self._processes[name] = subprocess.Popen(  # nosec B603 # noqa: S603  the caller's own words
            [sys.executable, "-m", module, *arguments],
            cwd=self._folder,
            stdin=stdin,
            process_group=self._group,
        )

    def first_dead(self) -> tuple[str, int] | None:
        """The name and exit code of a child that has ended, if one has."""
        ended = ((name, process.poll()) for name, process in self._processes.items())
        return next(((name, code) for name, code in ended if code is not None), None)

    def stop(self, grace_s: float) -> None:
        """Ask every child to end and wait; whatever is left of the group after `grace_s` is killed."""
        until = time.monotonic() + grace_s
        working = [process for name, process in self._processes.items() if name != LIFELINE]
        for process in working:
            process.terminate()
        for process in working:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                break
        os.killpg(self._group, signal.SIGKILL)  # the lifeline with it, and children's children
        for process in self._processes.values():
            process.wait()
