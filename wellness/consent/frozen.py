"""A published document cannot be altered, by our code or by anyone's SQL: triggers on both databases."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

DOCUMENT, PARTS = "ConsentDocument", ("ConsentScope", "Approval")
VERBS = ("INSERT", "UPDATE", "DELETE")


class FreezeOncePublished(Operation):
    """Migration operation: of a published document only the state may change, once, to retired.

    Its scopes and approvals do not change at all. To be run again by a migration that alters one of the
    tables, for SQLite copies a table to alter it and leaves its triggers behind.
    """

    reversible = True
    makes_triggers = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.database_backwards(app_label, schema_editor, to_state, from_state)
        document = to_state.apps.get_model(app_label, DOCUMENT)
        parts = [to_state.apps.get_model(app_label, name)._meta.db_table for name in PARTS]
        columns = [field.column for field in document._meta.concrete_fields if field.column != "state"]
        write = _postgresql if schema_editor.connection.vendor == "postgresql" else _sqlite
        for statement in write(document._meta.db_table, parts, columns):
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        postgresql = schema_editor.connection.vendor == "postgresql"
        for name in (DOCUMENT, *PARTS):
            table = from_state.apps.get_model(app_label, name)._meta.db_table
            for verb in (*VERBS, "TRUNCATE"):
                on = f' ON "{table}"' if postgresql else ""
                schema_editor.execute(f'DROP TRIGGER IF EXISTS "{table}_frozen_{verb.lower()}"{on}')

    def describe(self) -> str:
        return "Freeze documents once published"


def _postgresql(document: str, parts: list[str], _: list[str]) -> list[str]:
    whole = (
        "IF TG_OP = 'TRUNCATE' THEN RAISE EXCEPTION '% is published', TG_TABLE_NAME; END IF; "
        "IF OLD.state = 'draft' OR (TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'retired' "
        "AND to_jsonb(OLD) - 'state' = to_jsonb(NEW) - 'state') "
        "THEN RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END IF; "
        "RAISE EXCEPTION '% is published', TG_TABLE_NAME;"
    )
    of_it = f"SELECT 1 FROM \"{document}\" WHERE state <> 'draft'"  # nosec B608 # noqa: S608  a model's table
    part = (
        f"IF TG_OP = 'TRUNCATE' OR EXISTS ({of_it} AND id IN (OLD.document_id, NEW.document_id)) "
        "THEN RAISE EXCEPTION '% is published', TG_TABLE_NAME; END IF; "
        "RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;"
    )
    head = "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$"
    made = [head.format("refuse_document", whole), head.format("refuse_part", part)]
    tables = {document: ("refuse_document", VERBS[1:])} | dict.fromkeys(parts, ("refuse_part", VERBS))
    for table, (function, verbs) in tables.items():
        for verb in (*verbs, "TRUNCATE"):
            each = "STATEMENT" if verb == "TRUNCATE" else "ROW"
            made.append(
                f'CREATE TRIGGER "{table}_frozen_{verb.lower()}" BEFORE {verb} ON "{table}" '
                f"FOR EACH {each} EXECUTE FUNCTION {function}()"
            )
    return made


def _sqlite(document: str, parts: list[str], columns: list[str]) -> list[str]:
    same = " AND ".join(f'OLD."{column}" IS NEW."{column}"' for column in columns)
    retires = f"OLD.state = 'published' AND NEW.state = 'retired' AND {same}"
    published = "OLD.state <> 'draft'"
    made = [
        _trigger(document, "UPDATE", f"{published} AND NOT ({retires})"),
        _trigger(document, "DELETE", published),
    ]
    for table in parts:
        for verb in VERBS:
            sides = {"INSERT": ("NEW",), "DELETE": ("OLD",)}.get(verb, ("OLD", "NEW"))
            ids = ", ".join(f"{side}.document_id" for side in sides)
            of_it = f"SELECT 1 FROM \"{document}\" WHERE state <> 'draft' AND id IN ({ids})"  # nosec B608 # noqa: S608  as above
            made.append(_trigger(table, verb, f"EXISTS ({of_it})"))
    return made


def _trigger(table: str, verb: str, when: str) -> str:
    return (
        f'CREATE TRIGGER "{table}_frozen_{verb.lower()}" BEFORE {verb} ON "{table}" WHEN {when} '
        f"BEGIN SELECT RAISE(ABORT, '{table} is published'); END"
    )
