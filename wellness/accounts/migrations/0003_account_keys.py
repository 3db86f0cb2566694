"""Keys of accounts, and columns that are wide enough for envelopes, allauth's among them."""

from typing import Any

from django.db import migrations, models

THEIRS = {
    "account_emailaddress": {"email": "email"},
    "usersessions_usersession": {"session_key": "session_key", "ip": "host(ip)", "user_agent": "user_agent"},
}


def widen(apps: Any, schema_editor: Any) -> None:
    """SQLite holds whatever it is given."""
    if schema_editor.connection.vendor == "postgresql":
        for table, columns in THEIRS.items():
            for column, kept in columns.items():
                schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE text USING {kept}")


def narrow(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        changes = {
            ("account_emailaddress", "email"): "varchar(254)",
            ("usersessions_usersession", "session_key"): "varchar(40)",
            ("usersessions_usersession", "ip"): "inet USING ip::inet",
            ("usersessions_usersession", "user_agent"): "varchar(200)",
        }
        for (table, column), kind in changes.items():
            schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}")


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
        ("wellness_accounts", "0002_session_epoch"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("owner", models.UUIDField(unique=True)),
                ("wrapped", models.BinaryField(null=True)),
                ("key_epoch", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("shredded_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("shredded_at", None), ("wrapped__isnull", False)),
                            models.Q(("shredded_at__isnull", False), ("wrapped__isnull", True)),
                            _connector="OR",
                        ),
                        name="wellness_accounts_accountkey_shredded_or_wrapped",
                    )
                ]
            },
        ),
        migrations.AlterField("user", "email", models.TextField(unique=True)),
        migrations.AlterField("user", "first_name", models.TextField(blank=True)),
        migrations.AlterField("user", "last_name", models.TextField(blank=True)),
        migrations.RunPython(widen, narrow),
    ]
