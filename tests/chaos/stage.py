"""The processes of one installation, started as `manage.py up` does, and started again when they die."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.services import answers, free_port, until

ROOT = Path(__file__).parents[2]
URGENT, PATIENT = "crisis,decide,ingest", "compute,erase,bulk"
CELERY = ["celery", "--quiet", "--app", "wellness.celery"]
ALONE = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]


@dataclass(frozen=True)
class Site:
    """One installation: a folder for its files, its database and broker, and its waiting times."""

    folder: Path
    database_url: str
    broker_url: str = "filesystem://"
    lease_s: float = 300
    quiet_s: float = 10
    sweep_s: float = 15

    @property
    def environ(self) -> dict[str, str]:
        """The whole environment of a process of this installation."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.folder),
            "DOTENV": os.devnull,
            "VAR_DIR": str(self.folder),
            "DATABASE_URL": self.database_url,
            "CELERY_BROKER_URL": self.broker_url,
            "CHUNK_ROW_BYTES": "2048",
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "CHAOS_LEASE_S": str(self.lease_s),
            "CHAOS_QUIET_S": str(self.quiet_s),
            "CHAOS_SWEEP_S": str(self.sweep_s),
        }

    def ask(self, question: str, **given: Any) -> Any:
        """The answer of a function of `tests.chaos.inside`, run by this installation's own code."""
        command = [sys.executable, "-m", "tests.chaos.inside", question]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environ,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4_000:]
        return json.loads(done.stdout.splitlines()[-1])


def sqlite(folder: Path) -> str:
    """The URL of the database that is kept in a site's folder."""
    return f"sqlite:///{folder / 'wellness.sqlite3'}"


class Stage:
    """Web server, worker and beat of a site, each in a session of its own; as a service manager would, a
    watcher starts again what ended."""

    def __init__(self, site: Site, *, n_celery: int) -> None:
        self.site, self.port = site, free_port()
        self.killed: Counter[str] = Counter()
        self.unexpected: Counter[str] = Counter()
        self._doomed: set[int] = set()
        web = ["--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "4", "--no-control-socket"]
        web += ["--config", "python:wellness.webserver", "--log-level", "error"]
        self._commands = {
            "web server": ["gunicorn", "wellness.wsgi:application", *web],
            "urgent worker": _worker("urgent", URGENT, 1),
            "patient worker": _worker("patient", PATIENT, n_celery),
            "beat": [*CELERY, "beat", "--pidfile=", "--loglevel", "WARNING"],
        }
        self._log = (site.folder / "log").open("ab")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._sessions: list[int] = []
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> Stage:
        for name in self._commands:
            self._start(name)
        assert until(lambda: answers(self.port)), "the web server did not start"
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._watcher.join()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        for session in self._sessions:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(session, signal.SIGKILL)
        for process in self._processes.values():
            process.wait()
        self._log.close()

    def kill(self, name: str) -> None:
        """SIGKILL for one of the processes we started."""
        process = self._processes[name]
        self._doomed.add(process.pid)
        process.send_signal(signal.SIGKILL)
        self.killed[name] += 1

    def kill_child(self, name: str, choice: float) -> None:
        """SIGKILL for a child of it, if it has one now: a gunicorn worker, a process of Celery's pool."""
        pids = _children(self._processes[name].pid)
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[int(choice * len(pids))], signal.SIGKILL)
                self.killed[f"{name} child"] += 1

    def _start(self, name: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", *self._commands[name]],
            cwd=ROOT,
            env=self.site.environ,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._processes[name] = process
        self._sessions.append(process.pid)

    def _watch(self) -> None:
        while not self._stopping.wait(0.2):
            for name, process in list(self._processes.items()):
                if process.poll() is not None:
                    if process.pid not in self._doomed:
                        self.unexpected[name] += 1
                        time.sleep(0.5)
                    self._start(name)


def _worker(name: str, queues: str, n: int) -> list[str]:
    return [
        *CELERY,
        "worker",
        "--hostname",
        f"{name}@%h",
        "--concurrency",
        str(n),
        "--queues",
        queues,
        *ALONE,
    ]


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
