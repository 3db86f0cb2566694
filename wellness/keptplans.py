"""Statements that PostgreSQL parses and plans once a connection, instead of at every run.

For a short statement that joins tables that is half of its time. Django binds values on our side and has each
text planned anew; here they go to the server, and psycopg names the statement from its third run on. A pooler
that lends a connection for one transaction knows no such names: PREPARED_STATEMENTS says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from django.conf import settings
from django.db import connection

AFTER_RUNS = 2


def can_keep() -> bool:
    """Whether plans may be kept here; not while somebody counts or wraps the statements that Django runs."""
    return (
        settings.PREPARED_STATEMENTS
        and connection.vendor == "postgresql"
        and not connection.queries_logged
        and not connection.execute_wrappers
    )


def rows(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What PostgreSQL answers, errors being Django's as ever."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    raw = cast("psycopg.Connection[tuple[Any, ...]]", connection.connection)
    with connection.wrap_database_errors:
        raw.prepare_threshold = AFTER_RUNS  # for this one: Django's texts hold their values, and never recur
        try:
            with psycopg.Cursor(raw) as cursor:
                return cursor.execute(sql, params).fetchall()
        finally:
            raw.prepare_threshold = None
