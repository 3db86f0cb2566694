"""Every table and nobody in it: a database that is migrated once a run, whoever needs one gets a copy.

Migrating takes as much processor time as a hundred tests, and a run needs a dozen databases. `manage.py up`,
the demo and the benchmarks still migrate their own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

ROOT = Path(__file__).parents[1]
TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "")
FOLDER = Path(os.environ["TEMPLATE_DIR"])  # of the run, that all its processes see (tests.settings)
FILE = FOLDER / "wellness.sqlite3"
NAME = f"template_{FOLDER.parent.name.rpartition('-')[2]}".lower()


@contextmanager
def database(folder: Path, kind: str) -> Iterator[str]:
    """The address of a copy of the kind under test: in a folder, or beside the database under test."""
    if not TEST_DATABASE_URL:
        yield sqlite_copy(folder)
        return
    name = f"{kind}_{uuid.uuid4().hex[:12]}"
    _postgresql(f"CREATE DATABASE {name} TEMPLATE {postgresql_name()}")
    try:
        yield _beside(name)
    finally:
        _postgresql(f"DROP DATABASE {name} WITH (FORCE)")


def sqlite_copy(folder: Path) -> str:
    """The address of a copy where an embedded site looks for it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE.name
    shutil.copyfile(sqlite_file(), path)
    return f"sqlite:///{path}"


def sqlite_file() -> Path:
    """The template's file."""
    _made(f"sqlite:///{FILE}")
    return FILE


def postgresql_name() -> str:
    """The template's name on the server of TEST_DATABASE_URL."""
    _made(_beside(NAME))
    return NAME


def load(memory: str) -> sqlite3.Connection:
    """A connection to SQLite's database in memory of that name, filled; it lasts as long as one is open."""
    kept = sqlite3.connect(memory, uri=True, check_same_thread=False)
    with closing(sqlite3.connect(sqlite_file())) as file:
        file.backup(kept)
    return kept


def drop() -> None:
    """Leave nothing of the run on the server."""
    if (FOLDER / NAME).exists():
        _postgresql(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def _made(url: str) -> None:
    """Make the template unless it is there; of several processes, the others wait for the first."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = FOLDER / f"made-{url.partition(':')[0]}"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            return
        if not url.startswith("sqlite"):
            (FOLDER / NAME).touch()
            _postgresql(f"CREATE DATABASE {NAME}")
        _migrate(url)
        made.touch()


def _migrate(url: str) -> None:
    environ = {"PATH": os.environ["PATH"], "DOTENV": os.devnull, "VAR_DIR": str(FOLDER), "DATABASE_URL": url}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(FILE)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")  # one file, which memory can take over, too


def _beside(name: str) -> str:
    return f"{TEST_DATABASE_URL.rpartition('/')[0]}/{name}"


def _postgresql(statement: str) -> None:
    with psycopg.connect(TEST_DATABASE_URL, autocommit=True) as admin:
        admin.execute(statement)  # type: ignore[arg-type]
