"""Columns that come with a type of their own (Arrow, Parquet), turned into the types of the wire."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from phenotyping.intake.decoding.envelope import wire_type, wire_types
from phenotyping.intake.faults import fault
from phenotyping.streams.samples import TIME
from wellness.lib.refusal import Refusal

_PER_MS = {"s": 1e-3, "ms": 1.0, "us": 1e3, "ns": 1e6}
_NS_PER_US = 1_000


def require(schema: pa.Schema, stream: str) -> None:
    """Refusal when a column is unknown, repeated, or of a type that its values cannot have."""
    wire_types(stream)
    if len(set(schema.names)) != len(schema.names):
        raise fault("duplicate_column", "A column is named twice.", stream=stream)
    for field in schema:
        if not _fits(field.type, wire_type(stream, field.name), field.name):
            raise _wrong_type(stream, field.name)


def wire(table: pa.Table, stream: str, max_text: int) -> pa.Table:
    """A table that `require` let pass, its numbers float64 and its texts plain, at most `max_text` bytes."""
    columns = {}
    for name in table.column_names:
        values, kind = table[name], wire_type(stream, name)
        if pa.types.is_timestamp(values.type):
            columns[name] = _milliseconds(values, stream)
        elif pa.types.is_dictionary(values.type):
            columns[name] = _spelled_out(values, max_text)
        else:
            columns[name] = values.cast(kind, safe=False)
    return pa.table(columns)


def _fits(given: pa.DataType, kind: pa.DataType, name: str) -> bool:
    if pa.types.is_null(given):
        return True
    if kind == pa.bool_():
        return bool(pa.types.is_boolean(given))
    if kind == pa.string():
        text = given.value_type if pa.types.is_dictionary(given) else given
        return bool(pa.types.is_string(text) or pa.types.is_large_string(text))
    if name == TIME and pa.types.is_timestamp(given):
        return given.tz is not None  # without a zone it names no instant
    return bool(pa.types.is_integer(given) or pa.types.is_float32(given) or pa.types.is_float64(given))


def _milliseconds(values: pa.ChunkedArray, stream: str) -> pa.ChunkedArray:
    """Epoch milliseconds, exact to the microsecond."""
    counts = values.cast(pa.int64())
    if values.type.unit == "ns":
        whole = pc.multiply(pc.divide(counts, _NS_PER_US), _NS_PER_US)
        row = pc.index(pc.equal(counts, whole), False).as_py()
        if row >= 0:
            raise _wrong_type(stream, TIME, row)
    return pc.divide(counts.cast(pa.float64(), safe=False), _PER_MS[values.type.unit])


def _spelled_out(values: pa.ChunkedArray, max_text: int) -> pa.ChunkedArray:
    """The texts themselves; counted first, for a long one may be meant many times."""
    n_bytes = 0
    for chunk in values.chunks:
        sizes = pc.binary_length(chunk.dictionary).take(chunk.indices)
        n_bytes += pc.sum(sizes.cast(pa.int64())).as_py() or 0
    if n_bytes > max_text:
        raise fault("too_large", "The texts are too long in all.", status=413)
    return values.cast(values.type.value_type).cast(pa.string())


def _wrong_type(stream: str, name: str, row: int | None = None) -> Refusal:
    return fault("wrong_type", f"{name} is not of its type.", stream=stream, column=name, row=row)
