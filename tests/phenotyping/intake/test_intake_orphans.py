"""Collecting: what was replaced, and objects that no row names; never what may still be needed."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from phenotyping.intake import orphans
from phenotyping.intake.models import Chunk
from phenotyping.intake.reading import read
from tests.phenotyping.intake.conftest import NOON, Phone, screen
from tests.phenotyping.intake.stores import objects
from wellness.lib.clock import utc_now
from wellness.studies.models import Enrollment
from wellness.work import kinds

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def files(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


def test_objects_that_no_row_names_go_after_a_day(ada: Enrollment, phone: Phone, folder: Path) -> None:
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
    os.utime(forgotten, (now.timestamp() - 90_000,) * 2)
    assert (orphans.collect(now), sorted(files(folder))) == (1, sorted([kept, orphan, other]))
    assert (orphans.collect(now + DAY + HOUR), sorted(files(folder))) == (1, sorted([kept, other]))
    assert read(ada, ["screen"], NOON, NOON + HOUR)["screen"]["time"].size == 4


def test_nothing_was_ever_kept(folder: Path, db: None) -> None:
    folder.rmdir()
    assert orphans.collect(utc_now()) == 0


def test_replaced_chunks_stay_an_hour(
    ada: Enrollment, phone: Phone, store: str, placed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "BATCH", 2)
    for _ in range(3):
        phone.send({"screen": screen()})
    at = utc_now() + 2 * HOUR
    kinds.drain(at, "gather")
    assert orphans.collect_superseded(at + HOUR - timedelta(seconds=1)) == 0
    assert Chunk.objects.count() == 4
    assert orphans.collect_superseded(at + HOUR) == 3
    assert (Chunk.objects.get().state, len(objects())) == ("live", placed == "object")
    assert read(ada, ["screen"], NOON, NOON + HOUR)["screen"]["time"].size == 4
