"""What must stand guard while the site runs: the triggers that keep history, and the checkpoints' pace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from wellness.audit import checkpoints
from wellness.audit.guards import expected
from wellness.audit.models import AuditEntry, CheckpointMark
from wellness.audit.sealer import agreement

LAG = timedelta(minutes=5)
_TRIGGERS = """
    SELECT t.tgname, t.tgenabled::text, pg_get_triggerdef(t.oid, true), p.prosrc
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)
"""
_ROLES = """
    SELECT coalesce(r.rolname, d.datname, 'everyone')
    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
      LEFT JOIN pg_database d ON d.oid = s.setdatabase
    WHERE EXISTS (SELECT 1 FROM unnest(s.setconfig) c WHERE c ILIKE 'session_replication_role=%')
      AND (s.setdatabase = 0 OR d.datname = current_database())
"""


def problems(*, now: datetime) -> list[str]:
    """What is wrong now, in words; what is switched off and on again between two looks is not seen here."""
    return [*triggers(), *pace(now=now)]


def triggers() -> list[str]:
    """The triggers that keep rows as they are and no longer do: dropped, disabled or replaced."""
    if connection.vendor == "postgresql":
        return [*_postgres(), *_sessions()]
    return [*_sqlite(), *_recursion()]


def pace(*, now: datetime) -> list[str]:
    """What is wrong with the checkpoints: files and database disagree, or an entry waits for too long."""
    last = checkpoints.newest()
    problem = agreement(CheckpointMark.objects.first() or CheckpointMark(), last)
    waiting = AuditEntry.objects.filter(pk__gt=last.last_pk if last else 0).order_by("pk")
    since = waiting.values_list("at", flat=True).first()
    if problem:
        return [problem]
    if since is not None and now - since > LAG:
        return [f"an entry of {since:%Y-%m-%d %H:%M} UTC is in no checkpoint yet"]
    return []


def _postgres() -> Iterator[str]:
    wanted, found = expected("postgresql"), {name: rest for name, *rest in _rows(_TRIGGERS)}
    for name, sql in wanted.triggers.items():
        enabled, definition, body = found.get(name, ("", "", ""))
        if not enabled:
            yield f"trigger {name} is gone"
        elif enabled not in "OA":  # O fires for everyone but replicas, A always
            yield f"trigger {name} is disabled"
        elif definition.replace('"', "") != sql.replace('"', "") or body != wanted.body(name):
            yield f"trigger {name} is not the one that refuses"


def _sqlite() -> Iterator[str]:
    found = dict(_rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    for name, sql in expected("sqlite").triggers.items():
        if name not in found:
            yield f"trigger {name} is gone"
        elif _parts(found[name]) != _parts(sql):
            yield f"trigger {name} is not the one that refuses"


def _parts(sql: str) -> list[str]:
    """A trigger's conditions in no order: columns stand in the order in which migrations added them."""
    return sorted(re.split(r" AND |\) BEGIN ", sql))


def _sessions() -> list[str]:
    """Roles or databases whose sessions begin with triggers off; what a session sets itself is not seen."""
    mine = _rows("SELECT current_setting('session_replication_role')")[0][0]
    named = [name for (name,) in _rows(_ROLES)] + ([] if mine == "origin" else ["this session"])
    return [f"session_replication_role keeps triggers from firing for {name}" for name in named]


def _recursion() -> list[str]:
    on = _rows("PRAGMA recursive_triggers")[0][0]
    return [] if on else ["recursive_triggers is off: INSERT OR REPLACE would pass the triggers"]


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
