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
    ragged: list[arrow_csv.InvalidRow] = []
    try:
        return arrow_csv.read_csv(pa.py_buffer(raw)[start:], *_options(types, len(raw), ragged))
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        row = ragged[0].number - 1 if ragged and ragged[0].number else None
        raise _fault(str(error), names, row, stream) from None


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
    types: dict[str, pa.DataType], n_bytes: int, ragged: list[arrow_csv.InvalidRow]
) -> tuple[arrow_csv.ReadOptions, arrow_csv.ParseOptions, arrow_csv.ConvertOptions]:
    """How to read rows: in one piece, whose columns need no joining, on the processor of this worker.

    A row of another number of values ends the reading and is put into `ragged`.
    """

    def remember(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    return (
        arrow_csv.ReadOptions(use_threads=False, column_names=list(types), block_size=n_bytes + 1),
        arrow_csv.ParseOptions(invalid_row_handler=remember),
        arrow_csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
        ),
    )


def _fault(error: str, names: list[str], row: int | None, stream: str) -> Refusal:
    """What Arrow says, without the value it quotes."""
    place = _PLACE.search(error)
    if place is None:
        message = "A row has more or fewer values than columns."
        return fault("bad_csv", message, stream=stream, row=row, status=400)
    name, row = names[int(place[1])], int(place[2]) - 1
    return fault("wrong_type", f"{name} is not of its type.", stream=stream, column=name, row=row)
