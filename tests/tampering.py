"""What a database administrator can do: change append-only rows behind the triggers' back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models


@contextmanager
def triggers_off(model: type[models.Model]) -> Iterator[None]:
    """A block in which the table's triggers do not fire; for use inside a test's transaction."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = origin")
            return
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table]
        )
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        yield
        for _, made_by in triggers:
            cursor.execute(made_by)


def tamper(model: type[models.Model], pk: int, **changes: Any) -> None:
    """Change columns of one row."""
    with triggers_off(model):
        models.QuerySet(model).filter(pk=pk).update(**changes)


def remove(model: type[models.Model], pk: int) -> None:
    """Remove one row."""
    with triggers_off(model), connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{model._meta.db_table}" WHERE id = %s', [pk])  # noqa: S608
