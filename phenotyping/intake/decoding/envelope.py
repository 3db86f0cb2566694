"""What one body holds, whatever its format, and how its columns are typed on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType

import pyarrow as pa

from phenotyping.intake.clocks import UPTIME
from phenotyping.intake.faults import fault
from phenotyping.streams.catalogue import STREAMS
from phenotyping.streams.samples import TIME
from wellness.lib.refusal import Refusal

# Every number is read as float64: epoch milliseconds keep their microseconds in it until the year 2255.
ARROW = MappingProxyType(
    {"int": pa.float64(), "real": pa.float64(), "flag": pa.bool_(), "word": pa.string(), "text": pa.string()}
)


@dataclass(frozen=True)
class Envelope:
    """Tables by stream as they were sent (`time` in epoch milliseconds), when, where and since which boot."""

    tables: Mapping[str, pa.Table]
    sent_at: datetime | None = None
    zone: str = ""
    boot_id: str = ""


@cache
def wire_types(stream: str) -> Mapping[str, pa.DataType]:
    """The Arrow type of every column of a stream as it is read; Refusal when there is no such stream."""
    if stream not in STREAMS:
        raise unknown_stream(stream)
    columns = (*STREAMS[stream].columns, UPTIME)
    return MappingProxyType({TIME: pa.float64()} | {one.name: ARROW[one.kind] for one in columns})


def wire_type(stream: str, column: str) -> pa.DataType:
    """The Arrow type of one column; Refusal when the stream has none of that name."""
    types = wire_types(stream)
    if column not in types:
        raise unknown_column(stream, column)
    return types[column]


def unknown_stream(stream: str) -> Refusal:
    """The refusal of a stream that the catalogue does not have."""
    return fault("unknown_stream", f"There is no stream named {stream[:40]!r}.", stream=stream[:40])


def unknown_column(stream: str, column: str, row: int | None = None) -> Refusal:
    """The refusal of a column that its stream does not have."""
    message = f"The stream {stream} has no column {column[:40]!r}."
    return fault("unknown_column", message, stream=stream, column=column[:40], row=row)
