"""JSON: {"sent_at", "timezone", "streams": {name: columns or rows}}."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa

from phenotyping.intake.decoding import json_values
from phenotyping.intake.decoding.envelope import Envelope, wire_type, wire_types
from phenotyping.intake.decoding.json_members import members
from phenotyping.intake.faults import fault

FIELDS = ("streams", "sent_at", "timezone")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decode(raw: bytes, max_rows: int) -> Envelope:
    """The envelope of a body, its columns read straight into Arrow arrays."""
    found = members(raw)
    for name in found.keys() - set(FIELDS):
        raise fault("unknown_field", f"An upload has no field {name[:40]!r}.")
    if "streams" not in found:
        raise fault("missing_field", "An upload has the field streams.")
    streams = members(found["streams"], "streams")
    return Envelope(
        tables={name: _table(name, value, max_rows) for name, value in streams.items()},
        sent_at=_sent_at(found),
        zone=_zone(found),
    )


def _table(stream: str, raw: msgspec.Raw, max_rows: int) -> pa.Table:
    types = wire_types(stream)
    if bytes(memoryview(raw)[:1]) == b"[":
        return json_values.rows(raw, stream, types, max_rows)
    columns = {
        name: json_values.column(values, wire_type(stream, name), stream, name, max_rows)
        for name, values in members(raw, stream).items()
    }
    if len({len(values) for values in columns.values()}) > 1:
        raise fault("unequal_columns", "The columns of a stream are equally long.", stream=stream)
    return pa.table(columns)


def _sent_at(found: Mapping[str, msgspec.Raw]) -> datetime | None:
    try:
        ms = msgspec.json.decode(found.get("sent_at", b"null"), type=float | None)
        return None if ms is None else EPOCH + timedelta(milliseconds=ms)
    except (msgspec.DecodeError, OverflowError, ValueError):
        raise fault("wrong_type", "sent_at is a number of epoch milliseconds.", column="sent_at") from None


def _zone(found: Mapping[str, msgspec.Raw]) -> str:
    try:
        zone = msgspec.json.decode(found.get("timezone", b"null"), type=str | None) or ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise fault("wrong_type", "timezone is a text.", column="timezone") from None
    if zone and not known_zone(zone):
        raise fault("unknown_timezone", f"There is no time zone named {zone[:64]!r}.", column="timezone")
    return zone


@lru_cache(maxsize=1024)
def known_zone(name: str) -> bool:
    """Whether IANA's data base has a zone of that name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # KeyError: no such name; the others: not a name at all
        return False
    return True
