"""Looking changes nothing: a GET leaves every table as it was, but for the record of who looked."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection, models

from tests.wellness.access import matrix
from tests.wellness.access.cast import cast
from tests.wellness.access.routes import routes

MOVING = re.compile(r"audit|session")  # who looked, and that a session was used
WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)


def tables() -> dict[str, str]:
    """A digest of each table, rows in order of their key; a model of other tests may have none."""
    there = set(connection.introspection.table_names())
    found = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    return {name: digest(found[name]) for name in found if name in there and not MOVING.search(name)}


def digest(model: type[models.Model]) -> str:
    """SHA-256 over every row of a table."""
    found = hashlib.sha256()
    for row in model._base_manager.order_by("pk").values_list():
        found.update(repr(row).encode())
    return found.hexdigest()


@pytest.mark.long
def test_no_get_changes_the_database(db: None, settings: Any) -> None:
    settings.DISK_FREE_SHARE, settings.DISK_FREE_BYTES = 0.0, 0
    written, cast_ = set(), cast()
    before = tables()
    assert len(before) > 30
    for route in routes():
        for _, path in matrix.relations(route, cast_):
            for role, player in cast_.players.items():

                def note(
                    run: Callable[..., Any], sql: str, *rest: Any, place: Any = (route.path, role)
                ) -> Any:
                    table = WRITES.match(sql)
                    if table and not MOVING.search(table[1]):
                        written.add((*place, table[1]))
                    return run(sql, *rest)

                cache.clear()
                with connection.execute_wrapper(note):
                    player.ask("GET", path, {})
    after = tables()
    assert written == set()
    assert {name for name in after if after[name] != before[name]} == set()
