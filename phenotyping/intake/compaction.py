"""Gathering: the small chunks that uploads leave become one chunk a person, stream and UTC day.

Every stored row is at any moment in exactly one live chunk: what replaces chunks and what marks them
superseded is one transaction, and the superseded ones stay readable for those who listed them just before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import accumulate

import pyarrow as pa
from django.db import DatabaseError, transaction
from django.db.models import F, Min, Q

from phenotyping.intake import chunks, parquet
from phenotyping.intake.chunks import ChunkUnreadable
from phenotyping.intake.merging import DAY_US, by_day, gather
from phenotyping.intake.models import Chunk, Shelf, UploadPart
from phenotyping.intake.models.chunk import ChunkQuerySet
from phenotyping.intake.reading import opened
from phenotyping.streams.catalogue import STREAM_NAMES
from wellness.consent import gate
from wellness.consent.purposes import STORE
from wellness.lib.clock import from_us
from wellness.lib.diskfull import is_disk_full
from wellness.lib.refusal import Refusal
from wellness.studies.keys import KeyDestroyed
from wellness.studies.models import Enrollment
from wellness.work.claims import LeaseLost

PART_BYTES = 16 * 2**20  # sealed; a day that needs more is kept in parts, by time
PART_ROWS = 4_000_000  # rows that are all alike take next to no bytes, but all their memory when read
FULL = 0.5  # of either: such a part is left alone as long as nothing falls into its time
ROWS_AT_ONCE = 2_000_000  # of fragments; with them in memory, and what they join, a process has 350 MiB more
BUDGET_S = 120.0  # less than a lease; what is left keeps the shelf due


class _Moved(Exception):
    """A chunk was set aside, or consent withdrawn, while its day was gathered; nothing was changed."""


def gather_shelf(pk: int, fence: int, now: datetime) -> None:
    """Gather every day of a claimed person that holds fragments; LeaseLost when the claim is gone."""
    shelf = Shelf.objects.select_related("enrollment__study").get(pk=pk)
    until = time.monotonic() + BUDGET_S
    while waiting := _waiting(shelf.enrollment, now):
        for stream, on in waiting:
            if time.monotonic() > until:
                break
            _gather_day(shelf, fence, stream, on, now)
        if time.monotonic() > until:
            break
    _finish(shelf, fence, now)


def _waiting(person: Enrollment, now: datetime) -> list[tuple[str, date]]:
    """The streams that may be kept, and their days on which a fragment begins."""
    permits = gate.permitted(person, STORE, STREAM_NAMES, at=now)
    rows = Chunk.objects.fragments().filter(enrollment=person, stream__in=permits)
    return sorted({(stream, at.date()) for stream, at in rows.values_list("stream", "first_at")})


def _gather_day(shelf: Shelf, fence: int, stream: str, on: date, now: datetime) -> None:
    """Replace what a day of one stream consists of; changes nothing when that moves meanwhile."""
    person = shelf.enrollment
    day = (on - date(1970, 1, 1)).days
    made: list[Chunk] = []
    try:
        old = opened(person, _pile(person, stream, day))
        if not old:  # set aside meanwhile, by somebody who read them
            return
        dropped = _rewrite(person, stream, day, old, made)
        _replace(shelf, fence, old=[one for one, _ in old], made=made, dropped=dropped, now=now)
    except DatabaseError as error:
        if is_disk_full(error):  # then it did not happen
            chunks.discard(made)
        raise  # a COMMIT whose answer was lost may have happened: the objects stay, as orphans if it did not
    except (ChunkUnreadable, _Moved):
        chunks.discard(made)
    except (LeaseLost, Refusal, KeyDestroyed):
        chunks.discard(made)
        raise


def _pile(person: Enrollment, stream: str, day: int) -> ChunkQuerySet:
    """The chunks to gather for a day in the order of arrival: what was gathered before comes first.

    Of many fragments the earliest ones; the others wait for the next turn, and the memory for theirs.
    """
    start, end = from_us(day * DAY_US), from_us((day + 1) * DAY_US)
    rows = Chunk.objects.live().spanning(person, [stream], start, end)
    fragments = list(rows.fragments().only("first_at", "last_at", "n_rows").order_by("first_at", "pk"))
    n_rows = accumulate(one.n_rows for one in fragments)
    now = [
        one for at, (one, n) in enumerate(zip(fragments, n_rows, strict=True)) if not at or n <= ROWS_AT_ONCE
    ]
    is_full = Q(n_bytes__gt=FULL * PART_BYTES) | Q(n_rows__gt=FULL * PART_ROWS)
    full = rows.filter(is_full, upload=None).only("first_at", "last_at")
    apart = [
        one.pk
        for one in full
        if not any(other.first_at <= one.last_at and other.last_at >= one.first_at for other in now)
    ]
    chosen = rows.filter(Q(upload=None) | Q(pk__in=[one.pk for one in now])).exclude(pk__in=apart)
    return chosen.order_by(F("upload_id").asc(nulls_first=True), "pk")


def _rewrite(
    person: Enrollment, stream: str, day: int, old: Sequence[tuple[Chunk, pa.Table]], made: list[Chunk]
) -> dict[int, int]:
    """How many rows of each upload are copies; `made` gets the day's chunks and the rest of the fragments."""
    tables = []
    for chunk, table in old:
        days = dict(by_day(table))
        tables.append(days.pop(day, table.slice(0, 0)))
        for rest in days.values():
            made.append(chunks.seal(person, stream, rest, parquet.encode(stream, rest)))
            made[-1].upload_id, made[-1].consent_epoch = chunk.upload_id, chunk.consent_epoch
            made[-1].consent_events = chunk.consent_events
    n_settled = sum(chunk.upload_id is None for chunk, _ in old)
    table, counts = gather(stream, n_settled, tables)
    made += [chunks.seal(person, stream, part, plain) for part, plain in _parts(stream, table)]
    return {chunk.upload_id: n for (chunk, _), n in zip(old, counts, strict=True) if chunk.upload_id and n}


def _parts(stream: str, table: pa.Table) -> Iterator[tuple[pa.Table, bytes]]:
    """The table and its Parquet bytes, in as few parts as keep each below PART_BYTES and PART_ROWS."""
    n_rows = PART_ROWS
    if table.num_rows <= PART_ROWS:
        plain = parquet.encode(stream, table)
        if len(plain) <= PART_BYTES or table.num_rows == 1:
            yield table, plain
            return
        n_rows = max(1, int(0.95 * table.num_rows * PART_BYTES / len(plain)))  # rows differ in size
    for first in range(0, table.num_rows, n_rows):
        yield from _parts(stream, table.slice(first, n_rows))


@transaction.atomic
def _replace(
    shelf: Shelf,
    fence: int,
    *,
    old: Sequence[Chunk],
    made: Sequence[Chunk],
    dropped: dict[int, int],
    now: datetime,
) -> None:
    person = gate.lock(shelf.enrollment)
    _require_claim(shelf, fence)
    stream = made[0].stream
    if stream not in gate.permitted(person, STORE, [stream], at=now):
        raise _Moved
    replaced = Chunk.objects.live().filter(pk__in=[one.pk for one in old])
    if replaced.update(state=Chunk.State.SUPERSEDED, state_at=now) != len(old):
        raise _Moved
    events = sorted({event for one in old for event in one.consent_events})
    for chunk in made:
        if chunk.upload_id is None:
            chunk.consent_epoch, chunk.consent_events = person.consent_epoch, events
    Chunk.objects.bulk_create(made)
    for upload_id, n in dropped.items():
        parts = UploadPart.objects.filter(upload=upload_id, stream=stream)
        parts.update(n_duplicates=F("n_duplicates") + n)


@transaction.atomic
def _finish(shelf: Shelf, fence: int, now: datetime) -> None:
    """Note since when what is still there waits: it came meanwhile. What may not be kept does not wait."""
    person = gate.lock(shelf.enrollment)
    _require_claim(shelf, fence)
    permits = gate.permitted(person, STORE, STREAM_NAMES, at=now)
    rows = Chunk.objects.fragments().filter(enrollment=person, stream__in=permits)
    waits = rows.aggregate(Min("upload__received_at"))["upload__received_at__min"]
    Shelf.objects.filter(pk=shelf.pk).update(fragments_at=waits)
    Shelf.objects.all().release(shelf.pk, fence)


def _require_claim(shelf: Shelf, fence: int) -> None:
    if Shelf.objects.select_for_update().filter(pk=shelf.pk, fence=fence).first() is None:
        raise LeaseLost(f"shelf {shelf.pk}")
