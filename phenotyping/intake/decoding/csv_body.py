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
_PLACE = re.compile(r"column #(\d+): Row #(\d+)")


def decode(raw: bytes, stream: str, max_rows: int) -> pa.Table:
    """The table of a body; Refusal with column and row index where a value is not of its column's type."""
    wire_types(stream)
    head, _, rows = raw.removeprefix(BOM).partition(b"\n")
    names = _header(head, stream)
    types = {name: wire_type(stream, name) for name in names}
    if rows.count(b"\n") > max_rows:
        raise too_many_rows(max_rows)
    if not rows.strip():
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    return _read(rows, types, stream)


def _header(head: bytes, stream: str) -> list[str]:
    try:
        names = next(csv.reader([head[:HEADER_BYTES].decode().strip()]))
    except (UnicodeDecodeError, StopIteration, csv.Error):
        raise fault("bad_csv", "The first line names the columns.", stream=stream, status=400) from None
    names = [name.strip() for name in names]
    if len(set(names)) != len(names):
        raise fault("duplicate_column", "A column is named twice.", stream=stream)
    return names


def _read(rows: bytes, types: dict[str, pa.DataType], stream: str) -> pa.Table:
    ragged: list[arrow_csv.InvalidRow] = []

    def remember(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    try:
        return arrow_csv.read_csv(
            pa.BufferReader(rows),
            arrow_csv.ReadOptions(use_threads=False, column_names=list(types)),
            arrow_csv.ParseOptions(invalid_row_handler=remember),
            arrow_csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        row = ragged[0].number - 1 if ragged and ragged[0].number else None
        raise _fault(str(error), list(types), row, stream) from None


def _fault(error: str, names: list[str], row: int | None, stream: str) -> Refusal:
    """What Arrow says, without the value it quotes."""
    place = _PLACE.search(error)
    if place is None:
        message = "A row has more or fewer values than columns."
        return fault("bad_csv", message, stream=stream, row=row, status=400)
    name, row = names[int(place[1])], int(place[2]) - 1
    return fault("wrong_type", f"{name} is not of its type.", stream=stream, column=name, row=row)
