"""JSON by lines: each an object, with the member "stream" where the address does not name it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phenotyping.intake.decoding import json_values
from phenotyping.intake.decoding.csv_body import n_lines
from phenotyping.intake.decoding.envelope import wire_types
from phenotyping.intake.faults import fault, too_many_rows
from wellness.lib.refusal import Refusal

# Quotes inside a text are escaped, so this is a member; that it is one of the row, and its only one, shows
# when the row is read.
_STREAM = r'"stream"[ \t]*:[ \t]*"(?P<stream>[a-z_]{1,40})"'
_MAX_STREAMS = 100
_NEWLINE = ord("\n")


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
    n_rows, text = len(lines), _list(lines)
    del lines  # a body is large, and there are copies enough of it
    try:
        rows = msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise _bad("A line is not valid JSON.", stream) from None
    table = json_values.rows(rows, stream, types, max_rows)
    if n_rows and table.num_rows != n_rows:
        raise _bad("A line is not one JSON object.", stream)
    return table


def _list(lines: pa.Array) -> bytes:
    every = pa.ListArray.from_arrays([0, len(lines)], lines)
    return b"".join((b"[", pc.binary_join(every, ",")[0].as_buffer(), b"]"))


def _lines(raw: bytes, max_rows: int) -> pa.Array:
    """The lines that are not blank, without an object for each."""
    if n_lines(raw) > max_rows:
        raise too_many_rows(max_rows)
    if not raw.strip():
        return pa.array([], pa.string())
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == _NEWLINE) + 1
    offsets = np.union1d(ends, (0, len(raw))).astype(np.int32)
    lines = pa.StringArray.from_buffers(offsets.size - 1, pa.py_buffer(offsets), pa.py_buffer(raw))
    try:
        lines.validate(full=True)
    except pa.ArrowInvalid:  # it is not UTF-8
        raise _bad("A line is not valid JSON.", "") from None
    lines = pc.ascii_trim(lines, " \t\r\n")
    blank = pc.equal(lines, "")
    return lines.filter(pc.invert(blank)) if pc.any(blank).as_py() else lines


def _bad(message: str, stream: str) -> Refusal:
    return fault("bad_ndjson", message, stream=stream, status=400)
