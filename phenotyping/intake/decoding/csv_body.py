"""CSV with a header line, one stream a body."""

import csv
import re

import pyarrow as pa
from pyarrow import csv as arrow_csv

from phenotyping.intake.decoding.envelope import wire_type, wire_types
from phenotyping.intake.faults import fault, too_many_rows
from wellness.lib.refusal import Refusal

BOM = b"\xef\xbb\xbf"
HEADER_BYTES = 4_096
LARGE_BYTES = 256 * 2**10  # from here on columns are read side by side
_SOMETHING = re.compile(rb"\S")
_PLACE = re.compile(r"column #(\d+): Row #(\d+)")


def decode(raw: bytes, stream: str, max_rows: int) -> pa.Table:
    """The table of a body; Refusal with column and row index where a value is not of its column's type."""
    wire_types(stream)
    start = raw.find(b"\n") + 1 or len(raw)
    names = _header(raw[:start].removeprefix(BOM), stream)
    types = {name: wire_type(stream, name) for name in names}
    # Counting lines takes half as long as reading them; a row has at least a byte a column.
    if len(raw) // max(1, len(names)) > max_rows and n_lines(raw) > max_rows + 1:
        raise too_many_rows(max_rows)
    if not _SOMETHING.search(raw, start):
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    rows = pa.py_buffer(raw)[start:]
    if raw.startswith(BOM, start):  # of the first value: Arrow takes one away, as if here began a file
        rows = pa.py_buffer(BOM + raw[start:])
    try:
        return arrow_csv.read_csv(rows, *_options(types, len(raw), threads=True))
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise _misfit(rows, types, stream) from None


def start_threads() -> None:
    """Have Arrow start the threads that read large bodies."""
    arrow_csv.read_csv(pa.py_buffer(b"0\n" * 100_000), arrow_csv.ReadOptions(block_size=2_000))


def n_lines(raw: bytes) -> int:
    """How many line ends there are, of all three kinds that Arrow knows."""
    n_returns = raw.count(b"\r")
    return raw.count(b"\n") + n_returns - (raw.count(b"\r\n") if n_returns else 0)


def _header(head: bytes, stream: str) -> list[str]:
    try:
        names = next(csv.reader([head[:HEADER_BYTES].decode().strip()]))
    except (UnicodeDecodeError, StopIteration, csv.Error):
        raise fault("bad_csv", "The first line names the columns.", stream=stream, status=400) from None
    names = [name.strip() for name in names]
    if len(set(names)) != len(names):
        raise fault("duplicate_column", "A column is named twice.", stream=stream)
    return names


def _options(
    types: dict[str, pa.DataType], n_bytes: int, *, threads: bool
) -> tuple[arrow_csv.ReadOptions, arrow_csv.ParseOptions, arrow_csv.ConvertOptions]:
    """How to read rows: in one piece, whose columns need no joining, and large ones side by side."""
    return (
        arrow_csv.ReadOptions(
            use_threads=threads and n_bytes > LARGE_BYTES, column_names=list(types), block_size=n_bytes + 1
        ),
        arrow_csv.ParseOptions(),
        arrow_csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
        ),
    )


def _misfit(rows: pa.Buffer, types: dict[str, pa.DataType], stream: str) -> Refusal:
    """What is wrong with rows that cannot be read; Arrow counts rows only where it reads in one thread."""
    ragged: list[arrow_csv.InvalidRow] = []

    def remember(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    reading, parsing, converting = _options(types, rows.size, threads=False)
    parsing.invalid_row_handler = remember
    try:
        arrow_csv.read_csv(rows, reading, parsing, converting)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        row = ragged[0].number - 1 if ragged and ragged[0].number else None
        return _fault(str(error), list(types), row, stream)
    return fault("bad_csv", "The rows cannot be read.", stream=stream, status=400)


def _fault(error: str, names: list[str], row: int | None, stream: str) -> Refusal:
    """What Arrow says, without the value it quotes."""
    place = _PLACE.search(error)
    if place is None:
        message = "A row has more or fewer values than columns."
        return fault("bad_csv", message, stream=stream, row=row, status=400)
    name, row = names[int(place[1])], int(place[2]) - 1
    return fault("wrong_type", f"{name} is not of its type.", stream=stream, column=name, row=row)
