"""`manage.py work`."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.factories.errands import Errand, Run, finish
from wellness.lib.clock import utc_now
from wellness.work.claims import LEASE, MAX_ATTEMPTS
from wellness.work.management.commands.work import COLUMNS


def work(*arguments: str) -> str:
    out = StringIO()
    call_command("work", *arguments, stdout=out)
    return out.getvalue().strip()


def rows(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(work(*arguments, "--json"))["rows"]
    return found


@pytest.fixture
def now(errand: Errand, kind: Callable[[Run], None]) -> datetime:
    """One row of each state."""
    kind(finish)
    now = utc_now()
    hour = timedelta(hours=1)
    errand.delete()
    Errand.objects.create(run_after=now - hour)
    Errand.objects.create(run_after=now - hour, attempts=1, lease_until=now + LEASE)
    Errand.objects.create(run_after=now + hour, attempts=2, last_error="ValueError")
    Errand.objects.create(run_after=now - hour, attempts=2, last_error="ValueError")
    Errand.objects.create(run_after=now, attempts=MAX_ATTEMPTS, last_error="MemoryError")
    Errand.objects.create(run_after=now, attempts=MAX_ATTEMPTS, lease_until=now - hour)
    Errand.objects.create(run_after=now - hour, done=True)
    Errand.objects.create(run_after=now + hour)
    return now


def test_it_counts_each_state(now: datetime) -> None:
    (row,) = rows()
    assert row.pop("oldest_due_s") == pytest.approx(3_600, abs=60)
    assert row == {
        "kind": "errand",
        "queue": "compute",
        "due": 2,
        "running": 1,
        "waiting": 1,
        "failed": 2,
        "dead": 2,
        "errors": {"MemoryError": 1, "ValueError": 2, "WorkerLost": 1},
    }


def test_it_is_a_table_for_people(now: datetime) -> None:
    head, line = work().splitlines()
    assert head.split() == list(COLUMNS)
    assert line.endswith("1 MemoryError, 2 ValueError, 1 WorkerLost")


def test_the_dead_are_listed_and_replayed(now: datetime) -> None:
    dead = rows("--dead")
    assert [(one["attempts"], one["last_error"]) for one in dead] == [(5, "MemoryError"), (5, "WorkerLost")]
    assert json.loads(work("--replay", "errand", "--pk", str(dead[0]["pk"]))) == {
        "kind": "errand",
        "replayed": 1,
    }
    assert [one["pk"] for one in rows("--dead")] == [dead[1]["pk"]]
    assert json.loads(work("--replay", "errand"))["replayed"] == 1
    assert rows("--kind", "errand")[0]["dead"] == 0
    assert Errand.objects.due(utc_now()).count() == 4


def test_a_kind_that_does_not_exist_is_said(now: datetime) -> None:
    with pytest.raises(CommandError, match="there are errand"):
        work("--kind", "chore")


def test_every_real_kind_can_be_counted(db: None) -> None:
    assert {"day", "twin", "decision", "outcome", "delivery"} <= {row["kind"] for row in rows()}
