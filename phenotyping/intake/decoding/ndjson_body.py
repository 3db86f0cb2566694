"""JSON by lines: each an object, with the member "stream" where the address does not name it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from phenotyping.intake.decoding import json_values
from phenotyping.intake.decoding.csv_body import n_lines
from phenotyping.intake.decoding.envelope import wire_types
from phenotyping.intake.faults import fault, too_many_rows
from wellness.lib.refusal import Refusal

# Quotes inside a text are escaped, so this is a member; that it is one of the row, and its only one, shows
# when the row is read.
_STREAM = r'"stream"[ \t]*:[ \t]*"(?P<stream>[a-z_]{1,40})"'
_MAX_STREAMS = 100


def decode(raw: bytes, stream: str, max_rows: int) -> pa.Table:
    """The table of a body whose lines are all of one stream."""
    types = wire_types(stream)
    return _table(_lines(raw, max_rows), stream, types, max_rows)


def decode_many(raw: bytes, max_rows: int) -> dict[str, pa.Table]:
    """The tables of a body whose lines say of which stream they are; rows count from 0 in each stream."""
    lines = _lines(raw, max_rows)
    names = pc.struct_field(pc.extract_regex(lines, _STREAM), "stream")
    if names.null_count:
        row = pc.index(pc.is_null(names), True).as_py()
        raise fault("missing_field", 'A line has no member "stream".', column="stream", row=row)
    streams = pc.unique(names).to_pylist() if len(names) else []
    if len(streams) > _MAX_STREAMS:
        raise fault("unknown_stream", "The body names more streams than there are.")
    return {stream: _named(lines.filter(pc.equal(names, stream)), stream, max_rows) for stream in streams}


def _named(lines: pa.Array, stream: str, max_rows: int) -> pa.Table:
    table = _table(lines, stream, {**wire_types(stream), "stream": pa.string()}, max_rows)
    if "stream" not in table.column_names or not pc.all(pc.equal(table["stream"], stream)).as_py():
        raise _bad("A line does not say plainly of which stream it is.", stream)
    return table.drop_columns("stream")


def _table(lines: pa.Array, stream: str, types: Mapping[str, pa.DataType], max_rows: int) -> pa.Table:
    """The rows of lines; each line must be an object of its own, whatever it makes of its neighbours."""
    whole = pc.and_(pc.starts_with(lines, "{"), pc.ends_with(lines, "}"))
    if pc.all(whole).as_py() is False:
        row = pc.index(whole, False).as_py()
        raise fault("bad_ndjson", "A line is not a JSON object.", stream=stream, row=row, status=400)
    every = pa.ListArray.from_arrays([0, len(lines)], lines)
    text = b"[" + pc.binary_join(every, ",")[0].as_buffer().to_pybytes() + b"]"
    try:
        rows = msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise _bad("A line is not valid JSON.", stream) from None
    table = json_values.rows(rows, stream, types, max_rows)
    if len(lines) and table.num_rows != len(lines):
        raise _bad("A line is not one JSON object.", stream)
    return table


def _lines(raw: bytes, max_rows: int) -> pa.Array:
    """The lines that are not blank, without an object for each."""
    if n_lines(raw) > max_rows:
        raise too_many_rows(max_rows)
    if not raw.strip():
        return pa.array([], pa.string())
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(raw),
            arrow_csv.ReadOptions(use_threads=False, column_names=["line"], block_size=len(raw) + 1),
            arrow_csv.ParseOptions(delimiter="\x1f", quote_char=False),
            arrow_csv.ConvertOptions(column_types={"line": pa.string()}, strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        raise _bad("A line is not valid JSON.", "") from None
    lines = pc.ascii_trim(table["line"].combine_chunks(), " \t")
    return lines.filter(pc.not_equal(lines, ""))


def _bad(message: str, stream: str) -> Refusal:
    return fault("bad_ndjson", message, stream=stream, status=400)
