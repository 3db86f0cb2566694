"""How rows of append-only tables may go: only those of a person whose erasure a worker is carrying out.

The permit is the request itself, which the trigger looks up: no session variable that any statement could
set, the same on both databases, and in force for this one person only until the request is finished.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

_REQUESTED = (
    'EXISTS (SELECT 1 FROM "wellness_consent_erasurerequest" AS r WHERE r.enrollment_id = OLD.enrollment_id '
    "AND r.finished_at IS NULL AND r.lease_until IS NOT NULL)"
)
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION refuse_delete_unless_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {_REQUESTED} THEN RETURN OLD; END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""


class AllowErasure(Operation):
    """Migration operation: the trigger against deletion that ForbidChanges made lets erasures through.

    On SQLite whatever makes a table anew (most alterations) drops its triggers: both operations must follow.
    """

    reversible = True
    makes_triggers = True

    def __init__(self, model: str) -> None:
        self.model = model

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = to_state.apps.get_model(app_label, self.model)._meta.db_table
        self._drop(schema_editor, table)
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(_FUNCTION, params=None)  # the percent sign is PL/pgSQL's
            schema_editor.execute(
                f'CREATE TRIGGER "{table}_no_delete" BEFORE DELETE ON "{table}" '
                "FOR EACH ROW EXECUTE FUNCTION refuse_delete_unless_erasing()"
            )
        else:
            schema_editor.execute(
                f'CREATE TRIGGER "{table}_no_delete" BEFORE DELETE ON "{table}" WHEN NOT {_REQUESTED} '
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model)._meta.db_table
        self._drop(schema_editor, table)
        if schema_editor.connection.vendor == "postgresql":
            rule = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        else:
            rule = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        schema_editor.execute(f'CREATE TRIGGER "{table}_no_delete" BEFORE DELETE ON "{table}" {rule}')

    def describe(self) -> str:
        return f"Let erasures remove {self.model}"

    @staticmethod
    def _drop(schema_editor: Any, table: str) -> None:
        on = f' ON "{table}"' if schema_editor.connection.vendor == "postgresql" else ""
        schema_editor.execute(f'DROP TRIGGER IF EXISTS "{table}_no_delete"{on}')
