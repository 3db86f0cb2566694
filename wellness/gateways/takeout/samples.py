"""What phones sensed, one Parquet file a stream, read a day at a time: no stream must fit into memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any

import pyarrow as pa
from django.db.models import Max, Min, Sum
from pyarrow import parquet

from phenotyping.intake.chunks import ChunkUnreadable
from phenotyping.intake.models import Chunk, UploadPart
from phenotyping.intake.reading import read
from phenotyping.streams.catalogue import STREAMS
from phenotyping.streams.columns import Column
from phenotyping.streams.samples import TIME, Columns
from wellness.studies.models import Enrollment

DAY = timedelta(days=1)
_TYPES = {
    "int": pa.int64(),
    "real": pa.float64(),
    "flag": pa.bool_(),
    "word": pa.string(),
    "text": pa.string(),
}


@dataclass(frozen=True)
class Tally:
    """A stream's rows in the copy beside what the receipts say: stored = rows + copies + unreadable."""

    n_stored: int
    n_rows: int
    n_copies: int
    n_unreadable: int


def streams(person: Enrollment) -> list[str]:
    """The streams that anything was stored of, in the order of their names."""
    rows = UploadPart.objects.filter(upload__enrollment=person, n_stored__gt=0)
    return sorted(rows.values_list("stream", flat=True).distinct())


def write(
    person: Enrollment, stream: str, file: IO[bytes], *, start: datetime | None, until: float
) -> tuple[int, datetime | None]:
    """How many rows were written, and from which day on there are more: a day at least, more as time allows.

    Samples are by time, each once; units and meanings are in the schema. `until` is of the monotonic clock.
    """
    schema, n_rows = _schema(stream), 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for day, is_last in _days(person, stream, start):
            columns = _read(person, stream, day)
            if len(columns[TIME]):
                n_rows += len(columns[TIME])
                writer.write_table(_table(columns, schema))
            if not is_last and time.monotonic() >= until:
                return n_rows, day + DAY
    return n_rows, None


def tally(person: Enrollment, stream: str, n_rows: int) -> Tally:
    """What became of all rows of a stream of which so many are in the copy."""
    stored = UploadPart.objects.filter(upload__enrollment=person, stream=stream)
    lost = Chunk.objects.in_quarantine().filter(enrollment=person, stream=stream)
    n_stored = stored.aggregate(n=Sum("n_stored"))["n"] or 0
    n_unreadable = lost.aggregate(n=Sum("n_rows"))["n"] or 0
    return Tally(n_stored, n_rows, n_stored - n_rows - n_unreadable, n_unreadable)


def _days(person: Enrollment, stream: str, start: datetime | None) -> Iterator[tuple[datetime, bool]]:
    """The UTC days that may have samples, from `start` on if there is one, and whether it is the last."""
    span = Chunk.objects.live().filter(enrollment=person, stream=stream)
    first_at, last_at = span.aggregate(first=Min("first_at"), last=Max("last_at")).values()
    if first_at is None:
        return
    day = start or first_at.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= last_at:
        yield day, day + DAY > last_at
        day += DAY


def _read(person: Enrollment, stream: str, start: datetime) -> Columns:
    """One day; what turns out to be unreadable is set aside at the first try, and counted in the tally."""
    try:
        return read(person, [stream], start, start + DAY)[stream]
    except ChunkUnreadable:
        return _read(person, stream, start)


def _schema(stream: str) -> pa.Schema:
    about = {"about": STREAMS[stream].about, "sensitivity": STREAMS[stream].sensitivity}
    fields = [pa.field(TIME, pa.timestamp("us", tz="UTC"), nullable=False)]
    fields += [
        pa.field(one.name, _TYPES[one.kind], metadata=_meaning(one)) for one in STREAMS[stream].columns
    ]
    return pa.schema(fields, metadata=about)


def _meaning(column: Column) -> dict[str, str]:
    return {name: said for name, said in (("unit", column.unit), ("about", column.about)) if said}


def _table(columns: Columns, schema: pa.Schema) -> pa.Table:
    return pa.table([_array(columns[field.name], field) for field in schema], schema=schema)


def _array(values: Any, field: pa.Field) -> pa.Array:
    """One column in the type of the file; nan is how missing numbers are held in memory."""
    if field.name == TIME:
        return pa.array(values, pa.int64()).cast(field.type)
    missing_is_nan = not (pa.types.is_string(field.type) or values.dtype.kind == "i")
    return pa.array(values, from_pandas=missing_is_nan).cast(field.type)
