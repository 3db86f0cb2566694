"""Append-only tables: rows are added and never changed or removed, by our code or by anyone's SQL."""

from typing import Any, NoReturn

from django.db import models
from django.db.migrations.operations.base import Operation


class AppendOnlyError(Exception):
    """Someone tried to change history."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are never removed")


class AppendOnly(models.Model):
    """A row that can be saved once; the table's triggers (`ForbidChanges`) hold for raw SQL too."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} rows are never changed")
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError(f"{type(self).__name__} rows are never removed")


class ForbidChanges(Operation):
    """Migration operation: triggers that refuse changes to a model's rows, on both databases.

    To be run again by a migration that alters the table: SQLite copies it and leaves the triggers behind.
    """

    reversible = True
    makes_triggers = True

    def __init__(self, model: str) -> None:
        self.model = model

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.database_backwards(app_label, schema_editor, to_state, from_state)
        table = to_state.apps.get_model(app_label, self.model)._meta.db_table
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
                params=None,  # the percent sign is PL/pgSQL's, not ours
            )
        for verb in self._verbs(schema_editor.connection.vendor):
            schema_editor.execute(self._trigger(schema_editor.connection.vendor, table, verb))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model)._meta.db_table
        on = f' ON "{table}"' if schema_editor.connection.vendor == "postgresql" else ""
        for verb in self._verbs(schema_editor.connection.vendor):
            schema_editor.execute(f'DROP TRIGGER IF EXISTS "{table}_no_{verb.lower()}"{on}')

    def describe(self) -> str:
        return f"Refuse changes to {self.model}"

    @staticmethod
    def _verbs(vendor: str) -> tuple[str, ...]:
        return ("UPDATE", "DELETE", "TRUNCATE") if vendor == "postgresql" else ("UPDATE", "DELETE")

    @staticmethod
    def _trigger(vendor: str, table: str, verb: str) -> str:
        name = f"{table}_no_{verb.lower()}"
        if vendor == "postgresql":
            each = "STATEMENT" if verb == "TRUNCATE" else "ROW"
            return (
                f'CREATE TRIGGER "{name}" BEFORE {verb} ON "{table}" '
                f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
        return (
            f'CREATE TRIGGER "{name}" BEFORE {verb} ON "{table}" '
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
