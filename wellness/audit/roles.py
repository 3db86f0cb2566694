"""What the roles of PostgreSQL may do, so that the site itself cannot rewrite what happened."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import connection

from wellness.audit.guards import expected

_KEPT_FOR_GOOD = "EXECUTE FUNCTION refuse_change()"


def statements(*, app: str, auditor: str) -> Iterator[str]:
    """The SQL that an owner runs after each migration; `app` serves the site, `auditor` reads the record.

    Neither owns a table, so neither can alter one, drop one or switch a trigger off.
    """
    quoted = connection.ops.quote_name
    site, reader = quoted(app), quoted(auditor)
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    for role in (site, reader):
        yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"
        yield f"GRANT USAGE ON SCHEMA public TO {role}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {site}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {site}"
    for table, verb in _forbidden():
        yield f"REVOKE {verb} ON {quoted(table)} FROM {site}"
    yield f"REVOKE INSERT, UPDATE, DELETE ON {quoted('django_migrations')} FROM {site}"
    for model in apps.get_app_config("wellness_audit").get_models():
        yield f"GRANT SELECT ON {quoted(model._meta.db_table)} TO {reader}"


def _forbidden() -> Iterator[tuple[str, str]]:
    """Tables, and what their triggers refuse to everybody: some let an erasure delete."""
    for name, sql in sorted(expected("postgresql").triggers.items()):
        table, _, verb = name.rpartition("_no_")
        if table and verb in ("update", "delete") and _KEPT_FOR_GOOD in sql:
            yield table, verb.upper()
