"""Servers of our own, to be stopped and emptied at will: never the machine's shared ones."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

BINARIES = Path(os.environ.get("PG_BINDIR", "/usr/lib/postgresql/15/bin"))
PATIENCE_S = 60


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], bool], seconds: float = PATIENCE_S, pause_s: float = 0.1) -> bool:
    """Whether it came to hold within the time given."""
    end = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(pause_s)
    return held


def answers(port: int) -> bool:
    """Whether something listens on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class PostgreSQL:
    """A cluster of our own in a folder; run by the user postgres where we are root."""

    def __init__(self, folder: Path) -> None:
        self.port, self._data, self._folder = free_port(), folder / "data", folder
        folder.mkdir(parents=True)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        self._run("initdb", "-U", "postgres", "-A", "trust", "--no-sync", "-D", str(self._data))
        self.start()

    def start(self) -> None:
        """Listen again, after recovery if it was stopped at once."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c max_connections=60"
        self._run(
            "pg_ctl", "-w", "-D", str(self._data), "-l", str(self._folder / "log"), "-o", options, "start"
        )

    def stop(self) -> None:
        """As by a power cut: no checkpoint, every connection cut."""
        self._run("pg_ctl", "-w", "-D", str(self._data), "-m", "immediate", "stop")

    def url(self, name: str) -> str:
        """Where the database of that name is."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def _run(self, binary: str, *arguments: str) -> None:
        become = (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        )
        command = [*become, str(BINARIES / binary), *arguments]
        subprocess.run(command, check=True, cwd=self._folder, stdout=subprocess.DEVNULL)


class Redis:
    """A broker that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        self.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Listen, empty."""
        command = ["redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]
        self._process = subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, start_new_session=True
        )
        assert until(lambda: answers(self.port)), "redis-server did not start"

    def stop(self) -> None:
        """Gone at once, with all messages."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def flush(self) -> None:
        """Forget every message."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            assert connection.recv(16).startswith(b"+OK")


def create_database(url: str) -> None:
    """A new database where `url` says, unless there is one."""
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            admin.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
