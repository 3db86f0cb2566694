"""Where to look: everything that the server writes, as bytes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connection
from kombu.transport.memory import Channel

from wellness.logs import Discreet, configuration


def database() -> bytes:
    """The pages of SQLite, with what is free in them; of PostgreSQL every row of every table."""
    if connection.vendor == "sqlite":
        return bytes(connection.connection.serialize())
    dumped = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                dumped += [bytes(block) for block in copy]
    return b"".join(dumped)


def files() -> bytes:
    """Objects and whatever else lies in the server's folder, names included; not its keys."""
    kept = [path for path in Path(settings.VAR_DIR).rglob("*") if path.is_file() and "keys" not in path.parts]
    return b"\n".join(str(path).encode() + b"\n" + path.read_bytes() for path in kept)


def broker() -> bytes:
    """The messages that no worker has taken."""
    return b"\n".join(str(list(queue.queue)).encode() for queue in Channel.queues.values())


def cached() -> bytes:
    """Names and values of the cache, as they are in memory."""
    store: Any = cache
    return b"\n".join(name.encode() + b"\n" + value for name, value in store._cache.items())


def subjects() -> bytes:
    """What of an e-mail every server on its way shows."""
    return "\n".join(message.subject for message in mail.outbox).encode()


PLACES = {
    "database": database,
    "files": files,
    "broker": broker,
    "cache": cached,
    "subjects": subjects,
}


@contextmanager
def log(formatter: logging.Formatter | None = None) -> Iterator[StringIO]:
    """What is logged meanwhile, as it would stand on the console at LOG_LEVEL=DEBUG."""
    chatty, told = configuration("DEBUG"), StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(formatter or Discreet(chatty["formatters"]["line"]["fmt"]))
    levels = {"": chatty["root"]["level"]} | {
        name: one["level"] for name, one in chatty["loggers"].items() if "level" in one
    }
    before = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger().addHandler(handler)
    try:
        yield told
    finally:
        logging.getLogger().removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
