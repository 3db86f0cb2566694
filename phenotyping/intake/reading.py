"""Reading samples back: columns of any streams for an interval, as if they had come at once and in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa

from phenotyping.intake import chunks, quarantine
from phenotyping.intake.chunks import ChunkUnreadable
from phenotyping.intake.merging import between, merge
from phenotyping.intake.models import Chunk
from phenotyping.intake.models.chunk import ChunkQuerySet
from phenotyping.streams.samples import Columns
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment

_OPENING = ("public_id", "stream", "sealed", "object_name")


def read(
    enrollment: Enrollment, streams: Iterable[str], start: datetime, end: datetime
) -> dict[str, Columns]:
    """The samples with start <= time < end of each stream, by time, rows that are equal throughout once.

    Every requested stream has a key. One with samples has all columns of the catalogue; which upload brought
    a row, and when, changes nothing: rows of one instant are ordered by their values. ChunkUnreadable when a
    chunk does not open; it is in quarantine then (`quarantine.quarantined`) and the next read gives the rest.
    """
    wanted = list(dict.fromkeys(streams))
    found: defaultdict[str, list[pa.Table]] = defaultdict(list)
    rows = Chunk.objects.live().spanning(enrollment, wanted, start, end).order_by("first_at", "pk")
    for chunk, table in opened(enrollment, rows.only(*_OPENING)):
        inside = between(table, to_us(start), to_us(end))
        if inside.num_rows:
            found[chunk.stream].append(inside)
    return {stream: merge(stream, found[stream]) for stream in wanted}


def opened(enrollment: Enrollment, rows: ChunkQuerySet) -> list[tuple[Chunk, pa.Table]]:
    """The chunks of a query with their samples; ChunkUnreadable once those that do not open are set aside."""
    while True:
        found, faults = [], []
        for chunk in rows.all():  # one statement: chunks and those gathered from them never mix
            try:
                found.append((chunk, chunks.load(enrollment, chunk)))
            except ChunkUnreadable as fault:
                faults.append(fault)
        if not faults:
            return found
        if quarantine.set_aside(enrollment, faults):
            del found  # which the fault's traceback would keep
            raise faults.pop()
        # They were replaced while we read; what replaced them is there now.
