"""Which triggers the database must have: those that the migrations make, learnt by listening to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

_MADE = re.compile(r'\s*CREATE TRIGGER "(?P<name>[^"]+)"')
_DROPPED = re.compile(r'\s*DROP TRIGGER IF EXISTS "(?P<name>[^"]+)"')
_FUNCTION = re.compile(r"\s*CREATE OR REPLACE FUNCTION (?P<name>\w+)\(\).*?\$\$(?P<body>.*)\$\$", re.DOTALL)
_CALLS = re.compile(r"EXECUTE FUNCTION (\w+)\(\)")


@dataclass
class Guards:
    """Triggers by name, each with the statement that made it, and the bodies of the functions they call."""

    vendor: str
    triggers: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)

    @property
    def connection(self) -> SimpleNamespace:
        """What an operation asks its schema editor about the database."""
        return SimpleNamespace(vendor=self.vendor)

    def execute(self, sql: str, params: object = None) -> None:
        """Take in a statement instead of running it."""
        if made := _MADE.match(sql):
            self.triggers[made["name"]] = sql.strip()
        elif dropped := _DROPPED.match(sql):
            self.triggers.pop(dropped["name"], None)
        elif function := _FUNCTION.match(sql):
            self.functions[function["name"]] = function["body"]

    def body(self, trigger: str) -> str:
        """The body of the function that a trigger calls; "" where it has none (SQLite)."""
        called = _CALLS.search(self.triggers[trigger])
        return self.functions[called[1]] if called else ""


@cache
def expected(vendor: str) -> Guards:
    """What every migration of this version together make, on this kind of database."""
    guards, state = Guards(vendor), SimpleNamespace(apps=apps)
    for app_label, operation in _operations():
        try:
            operation.database_forwards(app_label, guards, state, state)
        except LookupError:  # a model that a later migration removed took its triggers along
            continue
    return guards


def _operations() -> Iterator[tuple[str, Any]]:
    """The operations that make triggers (`makes_triggers`), in the order they are applied."""
    loader, seen = MigrationLoader(None), set()
    for leaf in sorted(loader.graph.leaf_nodes()):
        for key in loader.graph.forwards_plan(leaf):
            if key not in seen:
                seen.add(key)
                operations: list[Operation] = loader.graph.nodes[key].operations
                yield from ((key[0], one) for one in operations if getattr(one, "makes_triggers", False))
