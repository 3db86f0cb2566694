"""JSON: {"sent_at", "timezone", "boot_id", "streams": {name: columns or rows}}."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

import msgspec
import pyarrow as pa

from phenotyping.intake.decoding import json_values, statement
from phenotyping.intake.decoding.envelope import Envelope, unknown_column, unknown_stream, wire_types
from phenotyping.intake.decoding.json_members import members
from phenotyping.intake.faults import fault
from phenotyping.streams.catalogue import STREAMS
from wellness.lib.refusal import Refusal

FIELDS = ("streams", "sent_at", "timezone", "boot_id")
_NUMBER = msgspec.json.Decoder(float | None).decode
_WORD = msgspec.json.Decoder(str | None).decode


def decode(raw: bytes, max_rows: int) -> Envelope:
    """The envelope of a body, its columns read straight into Arrow arrays."""
    found = members(raw, FIELDS, _unknown_field)
    if "streams" not in found:
        raise fault("missing_field", "An upload has the field streams.")
    streams = members(found["streams"], STREAMS, unknown_stream, "streams")
    return Envelope(
        tables={name: _table(name, value, max_rows) for name, value in streams.items()},
        sent_at=_sent_at(found),
        zone=statement.zone(_text(found, "timezone"), "timezone"),
        boot_id=statement.boot_id(_text(found, "boot_id"), "boot_id"),
    )


def _table(stream: str, raw: msgspec.Raw, max_rows: int) -> pa.Table:
    types = wire_types(stream)
    if bytes(memoryview(raw)[:1]) == b"[":
        return json_values.rows(raw, stream, types, max_rows)
    columns = {
        name: json_values.column(values, types[name], stream, name, max_rows)
        for name, values in members(raw, types, partial(unknown_column, stream), stream).items()
    }
    if len({len(values) for values in columns.values()}) > 1:
        raise fault("unequal_columns", "The columns of a stream are equally long.", stream=stream)
    return pa.table(columns)


def _unknown_field(name: str) -> Refusal:
    return fault("unknown_field", f"An upload has no field {name[:40]!r}.")


def _sent_at(found: Mapping[str, msgspec.Raw]) -> datetime | None:
    try:
        ms = _NUMBER(found.get("sent_at", b"null"))
    except msgspec.DecodeError:
        message = "sent_at is a number of epoch milliseconds."
        raise fault("wrong_type", message, column="sent_at") from None
    return None if ms is None else statement.instant(ms, "sent_at")


def _text(found: Mapping[str, msgspec.Raw], field: str) -> str:
    try:
        return _WORD(found.get(field, b"null")) or ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise fault("wrong_type", f"{field} is a text.", column=field) from None
