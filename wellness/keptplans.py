"""Statements that PostgreSQL parses and plans once a connection, instead of at every run.

For a short statement that joins tables that is half of its time. Django binds values on our side and has each
text planned anew; here they go to the server, and psycopg names the statement from its third run on. A pooler
that lends a connection for one transaction knows no such names: PREPARED_STATEMENTS says so.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from select import POLLIN, poll
from typing import Any, cast

import psycopg
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.numeric import Int8BinaryDumper

Raw = psycopg.Connection[tuple[Any, ...]]
RawCursor = psycopg.RawCursor[tuple[Any, ...]]

AFTER_RUNS = 2
MOST = 400  # statements a connection keeps; an insert of other numbers of rows is another one
_PLACE = re.compile("%(s|%)")
_own = threading.local()  # connections are a thread's own, and so are their cursors


def can_keep(db: BaseDatabaseWrapper) -> bool:
    """Whether plans may be kept here; not while somebody counts or wraps the statements that Django runs."""
    return (
        settings.PREPARED_STATEMENTS
        and db.vendor == "postgresql"
        and not db.queries_logged
        and not db.execute_wrappers
    )


def rows(sql: str, params: Sequence[Any], db: BaseDatabaseWrapper) -> list[tuple[Any, ...]]:
    """What PostgreSQL answers, errors being Django's as ever."""
    _look(db)
    db.ensure_connection()
    db.validate_no_broken_transaction()
    raw = cast(Raw, db.connection)
    with db.wrap_database_errors:
        raw.prepare_threshold = AFTER_RUNS  # for this one: Django's texts hold their values, and never recur
        try:
            return _cursor(raw).execute(_numbered(sql), params).fetchall()
        except psycopg.errors.FeatureNotSupported:  # a column has another type than when the plan was made
            db.close_at = 0  # after this request; the next one's plans are new
            raise
        finally:
            raw.prepare_threshold = None


def _look(db: Any) -> None:
    """Django's check of a connection that was kept from another request, asked only where there is reason to.

    A server that closed the connection has said so: there is something to read. Where there is nothing, the
    statement about to run tells as much as the SELECT 1 that Django would run before it.
    """
    if db.connection is None or db.health_check_done or not db.health_check_enabled:
        return
    said = poll()
    said.register(db.connection.fileno(), POLLIN)
    if said.poll(0):
        db.close_if_health_check_failed()
    db.health_check_done = True


def _cursor(raw: Raw) -> RawCursor:
    """This thread's cursor of its connection, used again: what it learnt of types stays."""
    cursor: RawCursor | None = getattr(_own, "cursor", None)
    if cursor is None or cursor.connection is not raw:
        raw.prepared_max = MOST
        cursor = _own.cursor = psycopg.RawCursor(raw)
        # Else the size of a number would make another statement of the same text.
        cursor.adapters.register_dumper(int, Int8BinaryDumper)
        cursor.adapters.register_loader("timestamptz", TimestamptzLoader)  # Django's own is slow
    return cursor


@lru_cache(MOST)
def _numbered(sql: str) -> bytes:
    """A text of Django's with PostgreSQL's own placeholders."""
    at = count(1)
    return _PLACE.sub(lambda found: "%" if found[1] == "%" else f"${next(at)}", sql).encode()
