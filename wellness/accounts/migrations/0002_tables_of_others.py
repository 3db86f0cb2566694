"""Columns of other packages that hold envelopes: wide enough for them, and unique by their blind index.

Envelopes of the same address all differ.
"""

from typing import Any

from django.db import migrations

WIDE = {
    "account_emailaddress": {"email": "email"},
    "usersessions_usersession": {
        "session_key": "session_key",
        "ip": "split_part(ip::text, '/', 1)",
        "user_agent": "user_agent",
    },
    "django_admin_log": {"object_repr": "object_repr"},
}
UNIQUE = {
    "wellness_address_of_user": "account_emailaddress (user_id, substr(email, 1, 22))",
    "wellness_address_verified": "account_emailaddress (substr(email, 1, 22)) WHERE verified",
    "wellness_session_key": "usersessions_usersession (substr(session_key, 1, 22))",
}


def widen(apps: Any, schema_editor: Any) -> None:
    """SQLite holds whatever it is given."""
    if schema_editor.connection.vendor == "postgresql":
        for table, columns in WIDE.items():
            for column, kept in columns.items():
                schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE text USING {kept}")


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
        ("wellness_accounts", "0001_initial"),
    ]
    operations = [
        migrations.RunPython(widen, migrations.RunPython.noop),
        *(
            migrations.RunSQL(f"CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {columns}", f"DROP INDEX {name}")
            for name, columns in UNIQUE.items()
        ),
    ]
