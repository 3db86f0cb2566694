"""Bodies as phones send them: an accelerometer at 50 Hz with four decimals; a few rows of many streams."""

import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from wellness.lib.clock import to_us

PERIOD_MS = 20
AXES = {"x": 0.1, "y": 9.6, "z": 0.7}  # means in m/s^2 of a phone held upright
SPREAD = 1.5


def accelerometer(n_rows: int, n_tables: int, *, start: datetime) -> Sequence[pa.Table]:
    """Tables that follow each other without a gap; `time` in epoch milliseconds, a little unsteady."""
    draw = np.random.default_rng(1)
    first_ms = to_us(start) // 1_000
    tables = []
    for at in range(n_tables):
        steps = np.arange(at * n_rows, (at + 1) * n_rows) * PERIOD_MS
        times = first_ms + steps + draw.integers(0, 3, n_rows)
        axes = {name: np.round(draw.normal(mean, SPREAD, n_rows), 4) for name, mean in AXES.items()}
        tables.append(pa.table({"time": times, **axes}))
    return tables


def as_csv(table: pa.Table) -> bytes:
    """The CSV of a table, numbers in their shortest form."""
    sink = io.BytesIO()
    csv.write_csv(table, sink, csv.WriteOptions(quoting_header="none"))
    return sink.getvalue()


def as_json(table: pa.Table) -> bytes:
    """JSON columns of an accelerometer."""
    return json.dumps({"streams": {"accelerometer": table.to_pydict()}}, separators=(",", ":")).encode()


def as_arrow(table: pa.Table) -> bytes:
    """An Arrow IPC stream of one record batch."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def mixed(at: datetime) -> bytes:
    """What a phone gathers in a few minutes: five streams, some rows each."""
    ms = to_us(at) / 1_000
    streams: dict[str, dict[str, list[Any]]] = {
        "screen": {"time": [ms, ms + 4_500, ms + 9_000], "state": ["unlocked", "off", "locked"]},
        "battery": {"time": [ms, ms + 300_000], "level": [81, 80], "status": ["discharging"] * 2},
        "gps": {"time": [ms, ms + 60_000], "latitude": [60.1699, 60.17], "longitude": [24.9384, 24.939]},
        "steps": {"time": [ms, ms + 60_000], "steps": [41, 12], "duration_s": [60, 60]},
        "light": {"time": [ms, ms + 60_000, ms + 120_000], "lux": [12.5, 40, 41.25]},
    }
    return json.dumps({"timezone": "Europe/Helsinki", "sent_at": ms + 600_000, "streams": streams}).encode()
