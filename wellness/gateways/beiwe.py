"""Beiwe streams to ours (interop.md section 3.1): processed and raw headers of Android and iOS."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wellness.gateways.converted import Converted, NotImportable
from wellness.gateways.mapping import Field, Shape, number, numbers, pseudonym, words

G_M_S2 = 9.80665
HIGHEST_NORM_IN_G = 4.0  # a phone at rest measures 1 in g and 9.8 in m/s^2
_EVERYWHERE = frozenset({"timestamp", "UTC time"})
_DIRECTION = {"Outgoing Call": "outgoing", "Incoming Call": "incoming", "Missed Call": "missed"}
_SENT = {
    f"{verb} {kind}": way
    for verb, way in (("sent", "outgoing"), ("received", "incoming"))
    for kind in ("SMS", "MMS")
}
_SCREEN = {"Screen turned on": "on", "Screen turned off": "off", "Locked": "locked", "Unlocked": "unlocked"}
_POWER = {
    "Power connected": "charging",
    "Power disconnected": "discharging",
    "Device shut down signal received": "shutdown",
    "Device reboot signal received": "reboot",
    "Unplugged": "discharging",
    "Charging": "charging",
    "Full": "full",
    "Unknown": "unknown",
}


def _shape(stream: str, *fields: Field, known: tuple[str, ...] = ()) -> Shape:
    return Shape(stream, fields, _EVERYWHERE | frozenset(known))


SHAPES = MappingProxyType(
    {
        "accelerometer": _shape(
            "accelerometer", *(Field(axis, (axis,), number()) for axis in "xyz"), known=("accuracy",)
        ),
        "gps": _shape(
            "gps",
            *(Field(name, (name,), number()) for name in ("latitude", "longitude", "altitude")),
            Field("accuracy", ("accuracy",), number(negative_is_missing=True)),
        ),
        "calls": _shape(
            "calls",
            Field("direction", ("call type",), words(_DIRECTION)),
            Field("duration_s", ("duration in seconds",), number()),
            Field("contact", ("hashed phone number",), pseudonym),
        ),
        "texts": _shape(
            "messages",
            Field("direction", ("sent vs received",), words(_SENT)),
            Field("length", ("message length",), number()),
            Field("contact", ("hashed phone number",), pseudonym),
            known=("time sent",),
        ),
        "wifi": _shape(
            "wifi",
            Field("access_point", ("hashed MAC",), pseudonym),
            Field("rssi", ("RSSI",), number()),
            known=("frequency",),
        ),
        "bluetooth": _shape(
            "bluetooth", Field("address", ("hashed MAC",), pseudonym), Field("rssi", ("RSSI",), number())
        ),
    }
)
POWER = "power_state"
_POWER_SHAPES = (
    (_SCREEN, _shape("screen", Field("state", ("event",), words(_SCREEN)), known=("event", "level"))),
    (
        _POWER,
        _shape("battery", Field("level", ("level",), number()), Field("status", ("event",), words(_POWER))),
    ),
)
IMPORTED = frozenset({*SHAPES, POWER})
NOT_IMPORTED = frozenset(
    {
        "gyro",
        "magnetometer",
        "devicemotion",
        "proximity",
        "reachability",
        "app_log",
        "ios_log",
        "identifiers",
        "survey_timings",
        "survey_answers",
        "audio_recordings",
        "ambient_audio",
    }
)


def convert(name: str, table: pa.Table, key: bytes) -> Converted:
    """The rows of one Beiwe stream, its columns given as texts, as rows of our streams.

    `power_state` becomes screen and battery rows; Android sends no battery level with it, so intake refuses
    those battery rows as lacking a value. Events of neither are counted as left out.
    """
    if name in NOT_IMPORTED:
        return Converted(left_out=Counter({f"{name}: no stream": table.num_rows}))
    if "timestamp" not in table.column_names:
        raise NotImportable(f"{name} has no column timestamp.")
    time_ms = numbers(table["timestamp"].combine_chunks())
    timed = pc.is_valid(time_ms)
    kept, left_out = table.filter(timed), Counter({f"{name}: no time": pc.sum(pc.invert(timed)).as_py() or 0})
    if name == POWER:
        return _power(kept, time_ms.filter(timed), key, left_out)
    shape = SHAPES[name]
    rows = shape.rows(kept, time_ms.filter(timed), key)
    if name == "accelerometer":
        rows = _in_m_s2(rows)
    unknown = Counter(f"{name}.{column}" for column in shape.unknown(table.column_names))
    return Converted(((shape.stream, rows),), left_out=left_out, unknown_columns=unknown)


def _power(table: pa.Table, time_ms: pa.Array, key: bytes, left_out: Counter[str]) -> Converted:
    events = pc.utf8_trim_whitespace(table["event"].combine_chunks())
    parts, n_taken = [], 0
    for codes, shape in _POWER_SHAPES:
        ours = pc.fill_null(pc.is_in(events, pa.array(list(codes))), False)
        parts.append((shape.stream, shape.rows(_levelled(table.filter(ours)), time_ms.filter(ours), key)))
        n_taken += parts[-1][1].num_rows
    left_out[f"{POWER}: neither screen nor battery"] = table.num_rows - n_taken
    unknown = _POWER_SHAPES[0][1].unknown(table.column_names)
    return Converted(
        tuple(parts), left_out=left_out, unknown_columns=Counter(f"{POWER}.{column}" for column in unknown)
    )


def _levelled(table: pa.Table) -> pa.Table:
    """The table with a battery level in percent: iOS gives a share from 0 to 1, Android none."""
    if "level" not in table.column_names:
        return table.append_column("level", pa.nulls(table.num_rows, pa.string()))
    level = numbers(table["level"].combine_chunks())
    share = (pc.max(level).as_py() or 0) <= 1
    percent = pc.multiply(level, 100.0) if share else level
    return table.drop_columns("level").append_column("level", percent.cast(pa.string()))


def _in_m_s2(rows: pa.Table) -> pa.Table:
    """Accelerations in m/s^2: iOS sends g, told by the median norm."""
    axes = {axis: rows[axis].to_numpy() for axis in "xyz" if axis in rows.column_names}
    norm = np.sqrt(sum((values**2 for values in axes.values()), np.zeros(rows.num_rows)))
    if not rows.num_rows or not np.nanmedian(norm) < HIGHEST_NORM_IN_G:
        return rows
    return pa.table({"time": rows["time"]} | {axis: values * G_M_S2 for axis, values in axes.items()})
