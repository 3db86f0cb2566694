"""What the admin notes of an object is sealed, and wider then; nothing was noted before there was an admin."""

from typing import Any

from django.db import migrations


def widen(apps: Any, schema_editor: Any) -> None:
    """SQLite holds whatever it is given."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE django_admin_log ALTER COLUMN object_repr TYPE text")


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("wellness_accounts", "0006_seal_factors"),
    ]
    operations = [migrations.RunPython(widen, migrations.RunPython.noop)]
