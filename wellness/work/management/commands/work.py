"""`manage.py work`: what is due, running, failed and dead; replays what is dead."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Min

from wellness.lib.clock import utc_now
from wellness.work import kinds
from wellness.work.claims import ClaimableQuerySet
from wellness.work.kinds import Kind

COLUMNS = ("kind", "queue", "due", "running", "waiting", "failed", "dead", "oldest_due_s", "errors")
ROW = ("kind", "pk", "attempts", "last_error")


class Command(BaseCommand):
    help = (
        "Shows for every kind of work the rows that are due, running (a worker holds them), waiting (for "
        "their next attempt), failed (at least once, not given up) and dead (given up); replays dead ones."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kind", help="only this kind")
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--dead", action="store_true", help="list the dead rows")
        parser.add_argument("--replay", metavar="KIND", help="make the dead rows of a kind due again")
        parser.add_argument("--pk", type=int, help="with --replay, only this row")

    def handle(self, *args: Any, **options: Any) -> None:
        now = utc_now()
        kinds.bury(now)
        if name := options["replay"]:
            self.stdout.write(
                json.dumps({"kind": name, "replayed": _replayed(_kind(name), options["pk"], now)})
            )
            return
        chosen = [_kind(options["kind"])] if options["kind"] else list(kinds.KINDS.values())
        columns: tuple[str, ...]
        if options["dead"]:
            columns, found = ROW, [row for kind in chosen for row in _dead(kind, now)]
        else:
            columns, found = COLUMNS, [_counted(kind, now) for kind in chosen]
        self.stdout.write(json.dumps({"rows": found}) if options["json"] else _table(columns, found))


def _kind(name: str) -> Kind:
    if name not in kinds.KINDS:
        raise CommandError(f"There is no kind of work {name!r}; there are {', '.join(kinds.KINDS)}.")
    return kinds.KINDS[name]


def _counted(kind: Kind, now: datetime) -> dict[str, Any]:
    due = kind.due(now)
    rows: ClaimableQuerySet = due.everything()
    failed = rows.failed(now)
    oldest_at = due.order_by().aggregate(at=Min("run_after"))["at"]
    errors = rows.exclude(last_error="").values("last_error").annotate(n=Count("pk")).order_by("last_error")
    return {
        "kind": kind.name,
        "queue": kind.queue,
        "due": due.count(),
        "running": rows.running(now).count(),
        "waiting": failed.filter(run_after__gt=now).count(),
        "failed": failed.count(),
        "dead": rows.dead().count(),
        "oldest_due_s": None if oldest_at is None else round((now - oldest_at).total_seconds()),
        "errors": {row["last_error"]: row["n"] for row in errors},
    }


def _dead(kind: Kind, now: datetime) -> list[dict[str, Any]]:
    rows = kind.due(now).everything().dead().order_by("pk").values("pk", "attempts", "last_error")
    return [{"kind": kind.name} | row for row in rows]


def _replayed(kind: Kind, pk: int | None, now: datetime) -> int:
    rows = kind.due(now).everything()
    return (rows if pk is None else rows.filter(pk=pk)).revive()


def _table(columns: tuple[str, ...], found: list[dict[str, Any]]) -> str:
    """The rows as text, every column as wide as its widest cell."""
    cells = [columns, *([_text(row[name]) for name in columns] for row in found)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{n} {name}" for name, n in value.items())
    return "" if value is None else str(value)
