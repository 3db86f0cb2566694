"""Collecting: what was replaced, and objects that no row names; never what may still be needed."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import Settings

from phenotyping.intake import orphans
from phenotyping.intake.models import Chunk
from phenotyping.intake.reading import read
from tests.phenotyping.intake.conftest import NOON, NOON_MS, Phone, screen
from tests.phenotyping.intake.stores import objects
from wellness.lib.clock import utc_now
from wellness.studies.models import Enrollment
from wellness.work import kinds

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def files(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


def test_objects_that_no_row_and_no_backup_names_go(ada: Enrollment, phone: Phone, folder: Path) -> None:
    phone.send({"screen": screen()})
    (kept,) = files(folder)
    orphan, forgotten = (
        kept.with_name("left"),
        folder / "0f5e4c1e-5f0a-4e2a-9d3c-6a2b7c8d9e0f" / "gps" / "one",
    )
    other = folder / "lost+found" / "screen" / "one"  # nothing that chunks made
    for path in (orphan, forgotten, other):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    now = utc_now()
    assert orphans.collect(now) == 0  # its row may be about to be committed
    assert orphans.collect(now + settings.KEY_WINDOW - HOUR) == 0  # a backup that names it may be restored
    os.utime(forgotten, (now.timestamp() - 15 * 86_400,) * 2)
    assert (orphans.collect(now), sorted(files(folder))) == (1, sorted([kept, orphan, other]))
    later = now + settings.KEY_WINDOW + HOUR
    assert (orphans.collect(later), sorted(files(folder))) == (1, sorted([kept, other]))
    assert read(ada, ["screen"], NOON, NOON + HOUR)["screen"]["time"].size == 4


def test_an_object_that_is_being_stored_stays_however_short_the_window(
    phone: Phone, folder: Path, settings: Settings
) -> None:
    settings.KEY_WINDOW = timedelta(0)
    phone.send({"screen": screen()})
    (kept,) = files(folder)
    kept.with_name("left").write_bytes(b"x")
    assert [orphans.collect(utc_now() + DAY + late) for late in (-HOUR, HOUR)] == [0, 1]


def test_the_objects_of_another_database_stay(
    phone: Phone, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    phone.send({"screen": screen()})
    Chunk.objects.all().delete()  # as in a database that was made anew and waits for its restore
    assert (orphans.collect(utc_now() + 30 * DAY), len(files(folder))) == (0, 1)
    assert "is this their database?" in caplog.text


def test_nothing_was_ever_kept(folder: Path, db: None) -> None:
    folder.rmdir()
    assert orphans.collect(utc_now()) == 0


def test_replaced_chunks_stay_an_hour_and_objects_as_long_as_backups(
    ada: Enrollment, phone: Phone, store: str, placed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "BATCH", 2)
    for _ in range(3):
        phone.send({"screen": screen()})
    at = utc_now() + 2 * HOUR
    kinds.drain(at, "gather")
    stay = settings.KEY_WINDOW if placed == "object" else HOUR
    assert orphans.collect_superseded(at + stay - timedelta(seconds=1)) == 0
    assert Chunk.objects.count() == 4
    assert orphans.collect_superseded(at + stay) == 3
    assert (Chunk.objects.get().state, len(objects())) == ("live", placed == "object")
    assert read(ada, ["screen"], NOON, NOON + HOUR)["screen"]["time"].size == 4


def test_a_restored_database_finds_objects(ada: Enrollment, phone: Phone, store: str, placed: str) -> None:
    for n in range(3):
        phone.send({"screen": screen(start_ms=NOON_MS + n * 60_000)})
    backup = list(Chunk.objects.all())
    at = utc_now() + 2 * HOUR
    kinds.drain(at, "gather")
    restored_at = at + settings.KEY_WINDOW - HOUR
    orphans.collect_superseded(restored_at)
    orphans.collect(restored_at)
    Chunk.objects.all().delete()
    Chunk.objects.bulk_create(backup)
    assert read(ada, ["screen"], NOON, NOON + HOUR)["screen"]["time"].size == 12
