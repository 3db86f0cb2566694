"""A folder and a database that a benchmark has to itself, gone when it ends."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

import psycopg

LOCAL = "postgres://127.0.0.1:5432/postgres"
TAKEN_OVER = ("CELERY_BROKER_URL", "STORAGES", "CACHE_URL")


@contextmanager
def place(server: str | None) -> Iterator[dict[str, str]]:
    """The environment of a site of its own: on a new database of a PostgreSQL that answers, else on SQLite.

    `server` is the address of any of its databases; without one, what DATABASE_URL or TEST_DATABASE_URL name,
    or the server of this machine. OperationalError when a server that was asked for does not answer.
    """
    around = dict(os.environ)
    named = server or around.get("DATABASE_URL") or around.get("TEST_DATABASE_URL") or ""
    with tempfile.TemporaryDirectory(prefix="wellness-bench-") as folder, _database(server, named) as url:
        inherited = {name: value for name, value in around.items() if name not in TAKEN_OVER}
        own = {"VAR_DIR": folder, "DOTENV": os.devnull, "CELERY_BROKER_URL": "memory://"}
        # One phone sends what thousands would, and no worker computes days meanwhile.
        own |= {"UPLOADS_PER_HOUR": "1000000000", "UPLOAD_DAY_BYTES": str(2**40), "UPLOADS_WAIT_S": "0"}
        yield inherited | own | {"DATABASE_URL": url or f"sqlite:///{folder}/wellness.sqlite3"}


@contextmanager
def _database(asked: str | None, named: str) -> Iterator[str | None]:
    address = named if named.startswith("postgres") else LOCAL
    admin = None
    with suppress(psycopg.OperationalError):
        admin = psycopg.connect(address, autocommit=True, connect_timeout=3)
    if admin is None:
        if asked:
            raise psycopg.OperationalError(f"No PostgreSQL answers at {urlsplit(asked).hostname}.")
        yield None
        return
    name = f"bench_{os.getpid()}_{uuid.uuid4().hex[:12]}"
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(address)._replace(path=f"/{name}"))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
