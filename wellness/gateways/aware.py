"""AWARE tables to streams by the names of tables and columns, also those that readers such as niimpy give."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wellness.gateways.aware_tables import ALIASES, IOS_ACTIVITY, IOS_SHAPES, NOT_IMPORTED, SHAPES
from wellness.gateways.converted import Converted, NotImportable
from wellness.gateways.mapping import numbers

PLATFORMS = ("android", "ios")
# AWARE records when an app came to the foreground, not when the screen went off on it.
LONGEST_USE_MS = 30 * 60_000.0
TRUE = ("1", "1.0", "true", "True")
WHOLE = frozenset({"applications_foreground"})
"""Tables whose rows mean something only beside the next one, so that they are converted in one piece."""


def table_named(name: str) -> str:
    """AWARE's name of the table that a file or table name speaks of; NotImportable when it names none."""
    words = name.lower()
    names = {known: known for known in (*SHAPES, *NOT_IMPORTED)} | dict(ALIASES)
    for known in sorted(names, key=len, reverse=True):
        if re.search(rf"(?:^|[^a-z]|aware){re.escape(known).replace('_', '_?')}(?:[^a-z]|$)", words):
            return names[known]
    imported = ", ".join(sorted(SHAPES))
    raise NotImportable(f"{name} names no table of AWARE; name it with --stream. Imported are: {imported}.")


def convert(name: str, table: pa.Table, key: bytes, platform: str = "android") -> Converted:
    """The rows of one AWARE table, its columns given as texts, as rows of our stream.

    Addresses become hashes under `key`. Rows without a time, and tables that no stream is made of, are
    counted as left out.
    """
    if name in NOT_IMPORTED:
        return Converted(left_out=Counter({f"{name}: no stream": table.num_rows}))
    if platform == "ios" and name == "calls":
        raise NotImportable("The calls table of iOS holds states, not calls; it cannot be imported yet.")
    shape = (IOS_SHAPES if platform == "ios" else SHAPES)[name]
    time_ms = _time_ms(name, table)
    timed = pc.is_valid(time_ms)
    kept = table.filter(timed)
    rows = shape.rows(_prepared(name, kept, time_ms.filter(timed)), time_ms.filter(timed), key)
    return Converted(
        parts=((shape.stream, rows),),
        people=frozenset(pc.unique(kept["user"]).to_pylist()) if "user" in kept.column_names else frozenset(),
        left_out=Counter({f"{name}: no time": table.num_rows - kept.num_rows}),
        unknown_columns=Counter(f"{name}.{column}" for column in shape.unknown(table.column_names)),
    )


def _time_ms(name: str, table: pa.Table) -> pa.Array:
    if "timestamp" in table.column_names:
        return numbers(table["timestamp"].combine_chunks())
    if "time" not in table.column_names:
        raise NotImportable(f"{name} has neither the column timestamp (ms) nor time (s).")
    # Through whole microseconds: 1488315824.049 s is the double nearest to 1488315824049 ms, not that itself.
    seconds = numbers(table["time"].combine_chunks())
    return pc.divide(pc.round(pc.multiply(seconds, 1e6)), 1e3)


def _prepared(name: str, table: pa.Table, time_ms: pa.Array) -> pa.Table:
    """The table with the columns that AWARE spreads over several, or over rows."""
    if name == "battery" and "battery_scale" in table.column_names:
        level, scale = (numbers(table[f"battery_{one}"].combine_chunks()) for one in ("level", "scale"))
        whole = pc.if_else(pc.greater(scale, 0), scale, 100.0)
        return _with(table, "battery_level", pc.divide(pc.multiply(level, 100.0), pc.coalesce(whole, 100.0)))
    if name == "plugin_ios_activity_recognition":
        return _with(table, "activity", _ios_activity(table))
    if name == "applications_foreground":
        return _with(table, "duration_s", _until_next(time_ms))
    return table


def _with(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    others = [column for column in table.column_names if column != name]
    return table.select(others).append_column(name, values.cast(pa.string()))


def _ios_activity(table: pa.Table) -> pa.Array:
    activity = pa.nulls(table.num_rows, pa.string())
    for flag, word in IOS_ACTIVITY.items():
        if flag in table.column_names:
            raised = pc.is_in(table[flag].combine_chunks(), pa.array(TRUE))
            activity = pc.coalesce(activity, pc.if_else(raised, word, pa.scalar(None, pa.string())))
    return activity


def _until_next(time_ms: pa.Array) -> pa.Array:
    """Seconds until the next app came to the foreground, whatever the order of the rows."""
    times = time_ms.to_numpy(zero_copy_only=False)
    order = np.argsort(times, kind="stable")
    lasted = np.zeros(times.size)
    lasted[order[:-1]] = np.minimum(np.diff(times[order]), LONGEST_USE_MS)
    return pa.array(lasted / 1_000)
