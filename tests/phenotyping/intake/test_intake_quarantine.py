"""Chunks that were tampered with: reading fails loudly, sets them aside, and the rest stays readable."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from phenotyping.days.models import Day
from phenotyping.intake import chunks, hooks, quarantine
from phenotyping.intake.chunks import ChunkUnreadable, StorageUnavailable
from phenotyping.intake.models import Chunk
from phenotyping.intake.reading import read
from phenotyping.intake.verification import verify_person
from tests.phenotyping.intake.conftest import NOON, NOON_MS, Phone, screen
from tests.phenotyping.intake.stores import keep
from wellness.audit.models import AuditEntry
from wellness.lib.clock import to_us, utc_now
from wellness.logs import Discreet
from wellness.studies.models import Enrollment
from wellness.work import kinds

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("store")


def n_read(person: Enrollment) -> int:
    return int(read(person, ["screen"], NOON, NOON + HOUR)["screen"]["time"].size)


@pytest.fixture
def pair(phone: Phone, placed: str) -> tuple[Chunk, Chunk]:
    """A chunk of three rows to harm, and one of two rows after it."""
    phone.send({"screen": screen(3)})
    phone.send({"screen": screen(2, NOON_MS + 60_000)})
    harmed, other = Chunk.objects.order_by("pk")
    return harmed, other


HARMS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "version": lambda mine, other: bytes([mine[0] ^ 1]) + mine[1:],
    "algorithm": lambda mine, other: mine[:1] + bytes([mine[1] ^ 128]) + mine[2:],
    "key version": lambda mine, other: mine[:3] + bytes([mine[3] ^ 1]) + mine[4:],
    "nonce": lambda mine, other: mine[:9] + bytes([mine[9] ^ 16]) + mine[10:],
    "content": lambda mine, other: mine[:80] + bytes([mine[80] ^ 1]) + mine[81:],
    "tag": lambda mine, other: mine[:-1] + bytes([mine[-1] ^ 1]),
    "cut": lambda mine, other: mine[:-7],
    "cut to nothing": lambda mine, other: b"",
    "longer": lambda mine, other: mine + b"\0",
    "another chunk": lambda mine, other: other,
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_chunk_that_was_altered(
    ada: Enrollment, pair: tuple[Chunk, Chunk], harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    harmed, other = pair
    keep(harmed, HARMS[harm](chunks.sealed_bytes(harmed), chunks.sealed_bytes(other)))
    with pytest.raises(ChunkUnreadable, match=str(harmed.public_id)):
        n_read(ada)
    harmed.refresh_from_db()
    assert (harmed.state, bool(harmed.fault), bool(harmed.state_at)) == ("quarantined", True, True)
    said = [(one.levelno, Discreet().format(one)) for one in caplog.records]
    assert [level for level, line in said if str(harmed.public_id) in line] == [logging.ERROR]
    entry = AuditEntry.objects.get(action="chunk.quarantine")
    assert (entry.object, entry.chain) == (f"chunk:{harmed.public_id}", f"enrollment:{ada.public_id}")
    assert n_read(ada) == 2
    assert AuditEntry.objects.filter(action="chunk.quarantine").count() == 1


def test_every_bit_counts(ada: Enrollment, pair: tuple[Chunk, Chunk]) -> None:
    harmed, _ = pair
    sealed = chunks.sealed_bytes(harmed)
    for at in range(len(sealed) * 8):
        bits = bytearray(sealed)
        bits[at // 8] ^= 1 << at % 8
        with pytest.raises(ChunkUnreadable):
            chunks.opened(ada, harmed, bytes(bits))


@pytest.mark.parametrize("owner", ["enrollment", "stream"])
def test_a_chunk_that_was_moved(ada: Enrollment, pair: tuple[Chunk, Chunk], owner: str) -> None:
    """In the registry: to another participant with a key of their own, or to another stream."""
    harmed, _ = pair
    other = Enrollment.objects.exclude(pk=ada.pk).first() or _bob(ada)
    Chunk.objects.filter(pk=harmed.pk).update(**{owner: other if owner == "enrollment" else "light"})
    reader = other if owner == "enrollment" else ada
    with pytest.raises(ChunkUnreadable, match=str(harmed.public_id)):
        read(reader, ["screen", "light"], NOON, NOON + HOUR)
    assert n_read(ada) == 2


def _bob(ada: Enrollment) -> Enrollment:
    from tests import factories

    return factories.enrollment(ada.study, "bob")


def test_an_object_that_is_gone(ada: Enrollment, phone: Phone) -> None:
    phone.send({"screen": screen(3)})
    phone.send({"screen": screen(2)})
    harmed = Chunk.objects.earliest("pk")
    keep(harmed, None)
    with pytest.raises(ChunkUnreadable, match="gone"):
        n_read(ada)
    assert n_read(ada) == 2


def test_what_is_in_quarantine_is_not_taken_for_no_data(ada: Enrollment, pair: tuple[Chunk, Chunk]) -> None:
    harmed, _ = pair
    keep(harmed, b"")
    assert quarantine.quarantined(ada, ["screen"], NOON, NOON + HOUR) == set()
    with pytest.raises(ChunkUnreadable):
        n_read(ada)
    assert quarantine.quarantined(ada, ["screen", "light"], NOON, NOON + HOUR) == {"screen"}
    assert quarantine.quarantined(ada, ["light"], NOON, NOON + HOUR) == set()
    assert quarantine.quarantined(ada, ["screen"], NOON + HOUR, NOON + 2 * HOUR) == set()


@pytest.mark.parametrize(
    "error", [PermissionError(13, "no"), OSError(5, "no"), ConnectionError(), ValueError()]
)
def test_a_storage_that_does_not_answer_blames_no_chunk(
    ada: Enrollment, phone: Phone, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    phone.send({"screen": screen(3)})

    def fail(*_: object, **__: object) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(type(chunks._storage()), "open", fail)
        with pytest.raises(StorageUnavailable):
            n_read(ada)
    assert n_read(ada) == 3


def test_a_storage_that_is_not_there_blames_no_chunk(ada: Enrollment, phone: Phone, folder: Path) -> None:
    phone.send({"screen": screen(3)})
    away = folder.parent / "away"
    folder.rename(away)
    for mount_point in (False, True):
        if mount_point:
            folder.mkdir()
        with pytest.raises(StorageUnavailable):
            n_read(ada)
    folder.rmdir()
    away.rename(folder)
    assert n_read(ada) == 3


def test_a_chunk_that_is_replaced_while_it_is_read(
    ada: Enrollment, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed, then gathered and collected before it was opened: what replaced it is read."""
    phone.send({"screen": screen(3)})
    load = chunks.load

    def late(*named: Any) -> Any:
        monkeypatch.setattr(chunks, "load", load)
        kinds.drain(utc_now() + 2 * HOUR, "gather")
        for chunk in Chunk.objects.filter(state=Chunk.State.SUPERSEDED):
            keep(chunk, None)
        return load(*named)

    monkeypatch.setattr(chunks, "load", late)
    assert n_read(ada) == 3
    assert not Chunk.objects.in_quarantine().exists()


def test_gathering_goes_round_a_bad_chunk(ada: Enrollment, pair: tuple[Chunk, Chunk]) -> None:
    harmed, other = pair
    keep(harmed, chunks.sealed_bytes(harmed)[:-1])
    assert kinds.drain(utc_now() + 2 * HOUR, "gather") == {"gather": 1}
    assert Chunk.objects.in_quarantine().get() == harmed
    assert (Chunk.objects.live().get().n_rows, n_read(ada)) == (2, 2)


def test_a_chunk_that_opens_again_is_released(
    ada: Enrollment, pair: tuple[Chunk, Chunk], monkeypatch: pytest.MonkeyPatch
) -> None:
    harmed, _ = pair
    sealed = chunks.sealed_bytes(harmed)
    keep(harmed, b"")
    with pytest.raises(ChunkUnreadable):
        n_read(ada)
    harmed.refresh_from_db()
    assert not quarantine.release(ada, harmed, utc_now())
    told: list[Any] = []
    monkeypatch.setattr(hooks, "_listeners", [lambda _, *more: told.append(more)])
    keep(harmed, sealed)
    harmed.refresh_from_db()
    assert quarantine.release(ada, harmed, utc_now())
    assert (n_read(ada), len(told)) == (5, 1)  # the days it spans are computed again
    assert kinds.drain(utc_now() + 2 * HOUR, "gather") == {"gather": 1}
    assert (Chunk.objects.live().get().n_rows, verify_person(ada).faults) == (5, [])


def test_what_is_released_makes_no_day_that_is_empty(ada: Enrollment, phone: Phone) -> None:
    """In Honolulu until an hour before midnight UTC, then in Tokyo: the 8th lies between two rows."""

    def ms(text: str) -> float:
        return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC)) / 1_000

    def send(zone: str, sent_at: str, *times: str) -> None:
        screens = {"time": [ms(one) for one in times], "state": ["on"] * len(times)}
        phone.send({"screen": screens}, timezone=zone, sent_at=ms(sent_at))

    send("Pacific/Honolulu", "2026-01-06T00:00", "2026-01-06T00:00")
    send("Asia/Tokyo", "2026-01-08T23:00", "2026-01-08T08:00", "2026-01-08T23:30")
    days, chunk = set(Day.objects.values_list("on")), Chunk.objects.latest("pk")
    sealed = chunks.sealed_bytes(chunk)
    keep(chunk, sealed[:-1])
    with pytest.raises(ChunkUnreadable):
        read(ada, ["screen"], NOON, NOON + timedelta(days=9))
    keep(chunk, sealed)
    chunk.refresh_from_db()
    assert quarantine.release(ada, chunk, datetime(2026, 1, 9, tzinfo=UTC))
    assert set(Day.objects.values_list("on")) == days
