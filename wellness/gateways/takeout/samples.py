"""What phones sensed, one Parquet file a stream, read a day at a time: no stream must fit into memory."""

from __future__ import annotations

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


def write(person: Enrollment, stream: str, file: IO[bytes]) -> Tally:
    """The samples of a stream as Parquet, by time, each once; units and meanings are in the schema."""
    schema, n_rows = _schema(stream), 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for columns in _days(person, stream):
            n_rows += len(columns[TIME])
            writer.write_table(_table(columns, schema))
    return _tally(person, stream, n_rows)


def _tally(person: Enrollment, stream: str, n_rows: int) -> Tally:
    stored = UploadPart.objects.filter(upload__enrollment=person, stream=stream)
    lost = Chunk.objects.in_quarantine().filter(enrollment=person, stream=stream)
    n_stored = stored.aggregate(n=Sum("n_stored"))["n"] or 0
    n_unreadable = lost.aggregate(n=Sum("n_rows"))["n"] or 0
    return Tally(n_stored, n_rows, n_stored - n_rows - n_unreadable, n_unreadable)


def _days(person: Enrollment, stream: str) -> Iterator[Columns]:
    """The samples of each UTC day that has any."""
    span = Chunk.objects.live().filter(enrollment=person, stream=stream)
    first_at, last_at = span.aggregate(first=Min("first_at"), last=Max("last_at")).values()
    if first_at is None:
        return
    start = first_at.replace(hour=0, minute=0, second=0, microsecond=0)
    while start <= last_at:
        columns = _read(person, stream, start)
        if len(columns[TIME]):
            yield columns
        start += DAY


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
