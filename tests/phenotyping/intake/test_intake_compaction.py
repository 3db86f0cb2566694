"""Gathering: one chunk a person, stream and day, and nobody who reads can tell."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phenotyping.intake import chunks, compaction, orphans
from phenotyping.intake.models import Chunk, Shelf
from phenotyping.intake.models.chunk import ChunkQuerySet
from phenotyping.intake.verification import verify_person
from tests.phenotyping.intake.conftest import Phone, screen, take
from tests.phenotyping.intake.gathering import (
    CAME,
    LATER,
    MIDNIGHT,
    MIDNIGHT_MS,
    copies,
    everything,
    gathered,
    live,
    screens,
)
from wellness.consent.purposes import COLLECT
from wellness.consent.services import withdraw
from wellness.lib.clock import utc_now
from wellness.studies.models import Device, Enrollment

STREAMS = ("gps", "messages")


def test_uploads_of_a_day_become_one_chunk(ada: Enrollment, phone_of_ada: Device, placed: str) -> None:
    for seconds in [(60, 61), (1, 2, 2), (61, 62), (60, 61)]:
        take(phone_of_ada, screens(*seconds), CAME)
    before = everything(ada)
    assert gathered(CAME + timedelta(minutes=59)) == 0  # it may be that more is coming
    assert gathered() == 1
    assert (live(), copies(), everything(ada)) == ([(False, 5)], [0, 1, 1, 2], before)
    chunk = Chunk.objects.live().get()
    assert (chunk.first_at, chunk.object_name is None) == (
        MIDNIGHT + timedelta(seconds=1),
        placed == "inline",
    )
    assert chunk.consent_events == Chunk.objects.exclude(pk=chunk.pk)[0].consent_events
    assert Shelf.objects.get().fragments_at is None and gathered() == 0
    assert verify_person(ada).faults == []


def test_rows_with_their_boot_join_what_was_gathered(ada: Enrollment, phone: Phone) -> None:
    """Few rows and many of them, before gathering and after."""
    for n in (3, 100, 4, 90):
        table = screen(n, MIDNIGHT_MS) | {"monotonic_ms": list(range(n))}
        assert phone.send({"screen": table}, boot_id="b1")[0] == 201
        before = everything(ada)
        gathered(utc_now() + timedelta(hours=2))
        assert everything(ada) == before
    assert (len(live()), verify_person(ada).faults) == (1, [])


def test_late_data_join_what_was_gathered(ada: Enrollment, phone_of_ada: Device) -> None:
    take(phone_of_ada, screens(5, 9), CAME)
    gathered()
    take(phone_of_ada, screens(9, 7), LATER)
    assert live() == [(False, 2), (True, 2)]
    gathered(LATER + timedelta(hours=2))
    assert (live(), copies()) == ([(False, 3)], [0, 1])


def test_a_fragment_over_midnight_is_cut(ada: Enrollment, phone_of_ada: Device) -> None:
    """Days are gathered one at a time; what is left of a fragment stays a fragment of its upload."""
    take(phone_of_ada, screens(-1, 0, 90_000, 180_000), CAME)
    take(phone_of_ada, screens(180_000, 180_001), CAME)
    before, shelf = everything(ada), Shelf.objects.get()
    fence = Shelf.objects.due(LATER).claim(shelf.pk, LATER)
    assert fence is not None
    compaction._gather_day(shelf, fence, "screen", (MIDNIGHT - timedelta(days=1)).date(), LATER)
    assert (live(), everything(ada)) == ([(False, 1), (True, 1), (True, 1), (True, 2), (True, 1)], before)
    compaction.gather_shelf(shelf.pk, fence, LATER)
    assert (live(), copies(), everything(ada)) == ([(False, 1)] * 3 + [(False, 2)], [0, 1], before)


def test_every_stream_for_itself(ada: Enrollment, phone_of_ada: Device) -> None:
    light = {"light": pa.table({"time": [MIDNIGHT_MS], "lux": [3.0]})}
    take(phone_of_ada, screens(1) | light, CAME)
    take(phone_of_ada, screens(2) | light, CAME)
    gathered()
    assert sorted(Chunk.objects.live().values_list("stream", "n_rows")) == [("light", 1), ("screen", 2)]
    assert sum(copies()) == 1


def test_what_may_no_longer_be_kept_is_left_as_it_is(ada: Enrollment, phone_of_ada: Device) -> None:
    for second in (1, 1):
        take(phone_of_ada, screens(second), CAME)
    withdraw(enrollment=ada, now=CAME, scopes=[(COLLECT, "screen")])
    assert gathered() == 1
    assert live() == [(True, 1)] * 2
    assert Shelf.objects.get().fragments_at is None  # or it would be due for ever


def test_a_storage_that_is_full_changes_nothing(
    ada: Enrollment, phone_of_ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(phone_of_ada, screens(-1, 1), CAME)
    save, n_left = type(chunks._storage()).save, [1]

    def fill(*positional: Any) -> Any:
        if not n_left.pop():
            raise OSError(28, "no")
        n_left.append(0)
        return save(*positional)

    with monkeypatch.context() as patch:
        patch.setattr(type(chunks._storage()), "save", fill)
        assert gathered() == 0
    assert (live(), list(orphans.orphans())) == ([(True, 2)], [])
    assert Shelf.objects.get().last_error == "storage_full"
    assert gathered(LATER + timedelta(minutes=2)) == 1


def test_a_large_day_is_kept_in_parts(
    ada: Enrollment, phone_of_ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As few as fit; a full part is left alone until something falls into its time."""
    monkeypatch.setattr(compaction, "PART_BYTES", 4_000)
    values = [(7_919 * i % 10_007) / 10_007 for i in range(1_000)]

    def sent(low: int, high: int) -> dict[str, pa.Table]:
        times = [MIDNIGHT_MS + 1_000 * i for i in range(low, high)]
        return {"light": pa.table({"time": times, "lux": values[low:high]})}

    take(phone_of_ada, sent(0, 900), CAME)
    before = everything(ada, ["light"])
    gathered()
    assert everything(ada, ["light"]) == before
    sizes = list(Chunk.objects.live().order_by("first_at").values_list("n_bytes", flat=True))
    assert len(sizes) > 1 and max(sizes) < 4_100 and min(sizes[:-1]) > 2_000
    first, *_ = parts = list(Chunk.objects.live().order_by("first_at"))
    take(phone_of_ada, sent(899, 1_000), LATER)
    gathered(LATER + timedelta(hours=1))
    assert Chunk.objects.live().filter(pk=first.pk).exists()
    assert not Chunk.objects.live().filter(pk=parts[-1].pk).exists()
    take(phone_of_ada, sent(0, 1), LATER)
    gathered(LATER + timedelta(hours=2))
    assert not Chunk.objects.live().filter(pk=first.pk).exists()
    assert (sum(n for _, n in live()), copies()) == (1_000, [0, 1, 1])


def test_a_day_of_rows_that_take_no_bytes_is_kept_in_parts(
    ada: Enrollment, phone_of_ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "PART_ROWS", 400)

    def sent(low: int, high: int) -> dict[str, pa.Table]:
        times = [MIDNIGHT_MS + 1_000 * i for i in range(low, high)]
        return {"light": pa.table({"time": times, "lux": [1.0] * len(times)})}

    take(phone_of_ada, sent(0, 900), CAME)
    before = everything(ada, ["light"])
    gathered()
    assert everything(ada, ["light"]) == before
    assert sorted(n for _, n in live()) == [100, 400, 400]
    full = set(Chunk.objects.live().filter(n_rows=400).values_list("pk", flat=True))
    take(phone_of_ada, sent(899, 1_000), LATER)
    gathered(LATER + timedelta(hours=1))
    assert full < set(Chunk.objects.live().values_list("pk", flat=True))
    assert (sum(n for _, n in live()), copies()) == (1_000, [0, 1])


def test_a_day_of_many_fragments_is_gathered_a_few_at_a_time(
    ada: Enrollment, phone_of_ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So memory does not grow with how much of a day comes at once; the copies are found all the same."""
    monkeypatch.setattr(compaction, "ROWS_AT_ONCE", 5)
    spans = [range(n, n + 4) for n in (0, 10, 20, 30, 12, 2)]
    for seconds in spans:
        take(phone_of_ada, screens(*seconds), CAME)
    before, piles = everything(ada), []
    opened = compaction.opened

    def noted(person: Enrollment, rows: ChunkQuerySet) -> list[tuple[Chunk, pa.Table]]:
        found = opened(person, rows)
        piles.append(sum(table.num_rows for chunk, table in found if chunk.upload_id))
        return found

    monkeypatch.setattr(compaction, "opened", noted)
    assert gathered() == 1
    assert piles == [4] * 6
    assert (live(), sum(copies()), everything(ada)) == ([(False, 20)], 4, before)
    assert verify_person(ada).faults == []


def test_a_chunk_that_is_set_aside_just_before_stops_nothing(
    ada: Enrollment, phone_of_ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(phone_of_ada, screens(1, 2), CAME)
    waiting = compaction._waiting

    def set_aside(person: Enrollment, now: datetime) -> list[tuple[str, date]]:
        found = waiting(person, now)
        Chunk.objects.update(state=Chunk.State.QUARANTINED)
        return found

    monkeypatch.setattr(compaction, "_waiting", set_aside)
    assert gathered() == 1
    assert Shelf.objects.get().last_error == ""


_times = st.sampled_from([-86_400_000, -1, 0, 1, 86_399_999, 86_400_000])
_gps = st.tuples(_times, st.sampled_from([60.0, 0.0, -0.0, -3.1]), st.sampled_from([None, 5.0]))
_messages = st.tuples(_times, st.sampled_from([None, 3, 40]), st.sampled_from([None, "ab"]))
_sent = st.tuples(
    st.lists(_gps, max_size=8),
    st.lists(_messages, max_size=8),
    st.booleans(),
    st.sampled_from(["", "length"]),
)


def _tables(gps: Sequence[Any], messages: Sequence[Any], without: str) -> dict[str, pa.Table]:
    times, latitudes, accuracies = zip(*gps, strict=True) if gps else ((), (), ())
    places = pa.table(
        {
            "time": pa.array([MIDNIGHT_MS + one for one in times], pa.int64()),
            "latitude": pa.array(latitudes, pa.float64()),
            "longitude": pa.array([24.5] * len(times), pa.float64()),
            "accuracy": pa.array(accuracies, pa.float64()),
        }
    )
    times, lengths, contacts = zip(*messages, strict=True) if messages else ((), (), ())
    texts = {
        "time": pa.array([MIDNIGHT_MS + one for one in times], pa.int64()),
        "direction": pa.array(["incoming"] * len(times), pa.string()),
        "length": pa.array([None if without else one for one in lengths], pa.int64()),
        "contact": pa.array(contacts, pa.string()),
    }
    return {"gps": places, "messages": pa.table({k: v for k, v in texts.items() if k != without})}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(uploads=st.lists(_sent, min_size=1, max_size=4), data=st.data())
def test_gathering_cannot_be_told(
    ada: Enrollment, phone_of_ada: Device, uploads: list[Any], data: st.DataObject
) -> None:
    """Whatever is split, repeated, reordered and gathered in between: the same is read, and it adds up."""
    found = []
    for order in (uploads, data.draw(st.permutations(uploads + uploads[:1]))):
        with transaction.atomic():
            now = CAME
            for gps, messages, gather_now, without in order:
                take(phone_of_ada, _tables(gps, messages, without), now)
                now += timedelta(hours=2)
                if gather_now:
                    gathered(now)
            found.append(everything(ada, STREAMS))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(compaction, "ROWS_AT_ONCE", data.draw(st.sampled_from([0, 5, 1_000])))
                gathered(now)
            found.append(everything(ada, STREAMS))
            assert all(not named for named, _ in live())
            assert verify_person(ada).faults == []
            transaction.set_rollback(True)
    assert all(one == found[0] for one in found)
