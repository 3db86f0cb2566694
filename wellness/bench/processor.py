"""Processor time of the web server's only worker."""

import os
from pathlib import Path

PROC = Path("/proc")


class Worker:
    """The one child of a server process, found through /proc; where there is none, nothing is known of it."""

    def __init__(self, pid_file: Path) -> None:
        self._stat: Path | None = None
        if pid_file.exists() and PROC.is_dir():
            master = pid_file.read_text().strip()
            children = (PROC / master / "task" / master / "children").read_text().split()
            self._stat = PROC / children[0] / "stat"

    def cpu_s(self) -> float | None:
        """Seconds of processor time, its own and the kernel's for it, until now."""
        if self._stat is None:
            return None
        fields = self._stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
