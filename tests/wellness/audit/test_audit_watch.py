"""What is said while nobody verifies: in the log, and to whoever asks whether the site is healthy."""

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from tests.tampering import triggers_off
from wellness.audit import sealer, tasks, watch
from wellness.audit.appendonly import AppendOnly
from wellness.audit.checkpoints import Checkpoint
from wellness.audit.guards import expected
from wellness.audit.models import AuditEntry
from wellness.lib.clock import utc_now
from wellness.timetable import TIMETABLE

TABLE = AuditEntry._meta.db_table


def test_every_append_only_table_is_watched() -> None:
    tables = [model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnly)]
    watched = expected(connection.vendor).triggers
    assert TABLE in tables
    assert [one for one in tables if not {f"{one}_no_update", f"{one}_no_delete"} <= watched.keys()] == []


def test_an_entry_that_waits_for_its_checkpoint_too_long_is_noticed(write: Callable[..., None]) -> None:
    now = utc_now()
    write("a", at=now)
    assert watch.pace(now=now + timedelta(minutes=4)) == []
    assert "is in no checkpoint yet" in watch.pace(now=now + timedelta(minutes=6))[0]
    sealer.seal(now=now)
    assert watch.pace(now=now + timedelta(days=1)) == []


def test_what_is_wrong_is_an_error_in_the_log_and_known_to_health_and_the_site_still_serves(
    client: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/health/ready").json()["audit"] == "ok"
    on = f' ON "{TABLE}"' if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TRIGGER "{TABLE}_no_update"{on}')
    tasks.guard()
    errors = [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]
    assert errors == [f"the record is at risk: trigger {TABLE}_no_update is gone"]
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"], answer.json()["audit"]) == (200, "ok", "failed")


def test_a_disagreement_and_a_changed_entry_are_errors_in_the_log(
    sealed: list[Checkpoint], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tasks.seal()
    tasks.verify_recent()
    assert not caplog.records
    last = AuditEntry.objects.get(pk=sealed[-1].last_pk)
    with triggers_off(AuditEntry):
        QuerySet(AuditEntry).filter(pk=last.pk).update(id=last.pk + 100)
    tasks.seal()
    assert "is gone: rows removed" in caplog.text
    for path in folder.iterdir():
        path.unlink()
    tasks.seal()
    tasks.verify_recent()
    assert "was made, and its files are gone" in caplog.text
    assert "the record was altered" in caplog.text


def test_the_clock_asks_often_enough() -> None:
    every = {name: TIMETABLE[name]["schedule"] for name in ("seal", "guard")}
    assert every["seal"] <= 60
    assert every["guard"] <= 300
