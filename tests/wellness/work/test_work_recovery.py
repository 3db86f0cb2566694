"""Rows that kill their workers, queries that fail, and the settings that recovery rests on."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from tests.factories.errands import NOW, Errand, Run, break_down, finish
from wellness.celery import app
from wellness.work import kinds, tasks
from wellness.work.claims import LEASE, MAX_ATTEMPTS

ROOT = Path(__file__).parents[3]
POISON = """
import json, os
from datetime import datetime, timedelta
import django
django.setup()
from django.db import connection
from tests.factories.errands import NOW, Errand, finish
from wellness.work import kinds
from wellness.work.claims import LEASE
with connection.schema_editor() as editor:
    editor.create_model(Errand)
poison, good = (Errand.objects.create(run_after=NOW).pk for _ in range(2))
kinds.KINDS.clear()
run = lambda pk, fence, now: os._exit(9) if pk == poison else finish(pk, fence, now)
kinds.register(kinds.Kind("errand", "compute", Errand.objects.due, run))
now, deaths = NOW, 0
while Errand.objects.due(now).exists():
    connection.close()
    if not (pid := os.fork()):
        kinds.drain(now)
        os._exit(0)
    deaths += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    now += LEASE + timedelta(seconds=1)
kinds.bury(now)
dead = list(Errand.objects.dead().values_list("pk", "attempts", "last_error"))
print(json.dumps([deaths, dead == [(poison, 5, "WorkerLost")], Errand.objects.get(pk=good).done]))
"""


def test_a_row_that_kills_its_workers_is_dead_after_five_and_the_others_are_done(tmp_path: Path) -> None:
    environ = {"DOTENV": os.devnull, "VAR_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environ |= {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "wellness.settings"}
    done = subprocess.run(
        [sys.executable, "-c", POISON], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [MAX_ATTEMPTS, True, True]
    assert done.stderr.count("is dead") == 1


def test_a_row_is_reported_dead_once(
    errand: Errand, kind: Callable[[Run], None], caplog: pytest.LogCaptureFixture
) -> None:
    kind(break_down)
    for attempt in range(MAX_ATTEMPTS + 2):
        assert ("is dead" in caplog.text) is (attempt >= MAX_ATTEMPTS)
        kinds.run_one("errand", errand.pk, NOW + timedelta(hours=attempt))
        kinds.bury(NOW + timedelta(hours=attempt))
    assert [(r.levelname, "slept" in r.message) for r in caplog.records if "dead" in r.message] == [
        ("ERROR", False)
    ]


def test_a_row_that_runs_for_the_last_time_is_not_dead_yet(
    errand: Errand, kind: Callable[[Run], None]
) -> None:
    kind(finish)
    Errand.objects.update(attempts=MAX_ATTEMPTS, lease_until=NOW + LEASE)
    kinds.bury(NOW)
    assert not Errand.objects.dead().exists()
    kinds.bury(NOW + LEASE + timedelta(seconds=1))
    assert Errand.objects.dead().get().last_error == "WorkerLost"


def test_a_kind_that_cannot_be_asked_does_not_keep_the_others_waiting(
    errand: Errand, kind: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(now: datetime) -> object:
        raise LookupError("no such table")

    kinds_before = kinds.Kind("broken", "bulk", broken, finish)  # type: ignore[arg-type]
    monkeypatch.setattr(kinds, "KINDS", {"broken": kinds_before})
    kinds.register(kinds.Kind("errand", "compute", Errand.objects.due, finish))
    woken: list[object] = []
    monkeypatch.setattr(tasks.run, "apply_async", lambda args, **_: woken.append(args))
    tasks.sweep()
    assert woken == [("errand", errand.pk)]


def test_two_sweeps_have_one_effect(
    errand: Errand, kind: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    def once(pk: int, fence: int, now: datetime) -> None:
        done.append(pk)
        finish(pk, fence, now)

    kind(once)
    woken: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks.run, "apply_async", lambda args, **_: woken.append(args))
    tasks.sweep()
    tasks.sweep()
    assert len(woken) == 2
    for args in woken:
        tasks.run(*args)
    assert done == [errand.pk]


def test_no_row_is_run_by_two_workers_and_no_message_by_two() -> None:
    """The order of limits that recovery rests on."""
    soft, hard = app.conf.task_soft_time_limit, app.conf.task_time_limit
    assert soft < hard < LEASE.total_seconds()
    assert hard < app.conf.visibility_timeout / 2
    assert app.conf.task_acks_late and app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1


@pytest.mark.parametrize("url", ["redis://there:6379/0", "amqp://there:5672//"])
def test_no_broker_is_waited_for_without_end(url: str, tmp_path: Path) -> None:
    """One that hangs, or takes no messages for want of memory, would hold the threads of the web server."""
    environ = {"DOTENV": os.devnull, "VAR_DIR": str(tmp_path), "CELERY_BROKER_URL": url}
    code = "import json; from wellness.celery import app; "
    code += "print(json.dumps(app.conf.broker_transport_options))"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    options = json.loads(said.stdout)
    patience_s = options.get("socket_timeout") or min(options["read_timeout"], options["write_timeout"])
    assert 0 < patience_s <= 5


def test_every_kind_and_tick_has_a_queue_that_some_worker_serves() -> None:
    from wellness.management.commands.up import PATIENT, URGENT

    served = set(f"{URGENT},{PATIENT}".split(","))
    ticks = {one.get("options", {}).get("queue", "compute") for one in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {kind.queue for kind in kinds.KINDS.values()} | ticks <= served
    slow = {"day", "twin", "outcome", "gather"} & kinds.KINDS.keys()
    assert not {kinds.KINDS[name].queue for name in slow} & set(URGENT.split(","))
