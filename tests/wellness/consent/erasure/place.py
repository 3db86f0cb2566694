"""A site with a folder and a database of its own, for what needs processes that can be killed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests import template

ROOT = Path(__file__).parents[4]
TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "")
DUMP = shutil.which("pg_dump")


@dataclass
class Place:
    """The folder, the database and what processes of it are started with."""

    folder: Path
    url: str
    environ: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """What a management command said; AssertionError when it failed."""
        return self._run("manage.py", *arguments)

    def script(self, name: str, *arguments: str) -> dict[str, object]:
        """The JSON in the last line of a script of this folder."""
        said = self._run("-m", f"tests.wellness.consent.erasure.{name}", *arguments)
        found: dict[str, object] = json.loads(said.splitlines()[-1])
        return found

    def shell(self, code: str) -> str:
        """The last line that code printed."""
        return self.manage("shell", "--verbosity", "0", "-c", code).splitlines()[-1]

    def unsettled(self, code: str) -> str:
        """The last line that code printed in a process that does not ask what a restore lost."""
        return self._run("-c", f"import django\ndjango.setup()\n{code}").splitlines()[-1]

    def contents(self) -> bytes:
        """All that lies in the folder and, of PostgreSQL, in the database."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        found = b"\n".join(path.read_bytes() for path in files)
        names = "\n".join(str(path.relative_to(self.folder)) for path in files).encode()
        return found + names + (self.backup().read_bytes() if TEST_DATABASE_URL else b"")

    def backup(self) -> Path:
        """A copy of the database as it is now."""
        path = self.folder.with_name(f"{self.folder.name}-{uuid.uuid4().hex[:6]}.backup")
        if TEST_DATABASE_URL:
            assert DUMP, "pg_dump is needed"
            subprocess.run([DUMP, "--no-owner", "--file", str(path), self.url], check=True)
        else:
            self._sqlite(f"VACUUM INTO '{path}'")
        return path

    def restore(self, backup: Path) -> None:
        """Put a copy in the place of the database."""
        if TEST_DATABASE_URL:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("DROP SCHEMA public CASCADE")
                connection.execute("CREATE SCHEMA public")
            subprocess.run(
                ["psql", "--quiet", "--file", str(backup), self.url], check=True, capture_output=True
            )
            return
        for name in ("", "-wal", "-shm"):
            self.folder.joinpath(f"wellness.sqlite3{name}").unlink(missing_ok=True)
        shutil.copy(backup, self.folder / "wellness.sqlite3")

    @contextlib.contextmanager
    def served(self, *, workers: int = 1) -> Iterator[int]:
        """The port of a web server that has just begun to listen."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = [sys.executable, "-m", "gunicorn", "wellness.wsgi:application", "--workers", str(workers)]
        process = subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}"], cwd=ROOT, env=self.environ)
        try:
            _await(port, process)
            yield port
        finally:
            process.terminate()
            process.wait()

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    def _sqlite(self, statement: str) -> None:
        import sqlite3

        with contextlib.closing(sqlite3.connect(self.folder / "wellness.sqlite3")) as connection:
            connection.execute(statement)


@contextlib.contextmanager
def founded(folder: Path) -> Iterator[Place]:
    """A place whose database has every table and nobody in it."""
    with template.database(folder, "leaving") as url:
        environ = {"VAR_DIR": str(folder), "DATABASE_URL": url, "DOTENV": os.devnull, "HOME": str(folder)}
        environ |= {"CHUNK_ROW_BYTES": "0", "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        environ |= {"DJANGO_SETTINGS_MODULE": "wellness.settings", "KEY_WINDOW_DAYS": "0"}
        yield Place(folder, url, environ)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError("the server did not start")
