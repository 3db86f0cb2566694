"""Uploads of a day and what is left of them when they are gathered."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from phenotyping.intake.models import Chunk, UploadPart
from phenotyping.intake.reading import read
from wellness.studies.models import Enrollment
from wellness.work import kinds

MIDNIGHT = datetime(2026, 1, 6, tzinfo=UTC)
MIDNIGHT_MS = int(MIDNIGHT.timestamp() * 1_000)
CAME = MIDNIGHT + timedelta(days=3)
LATER = CAME + timedelta(hours=2)


def screens(*seconds: float, state: str = "on") -> dict[str, pa.Table]:
    times = [MIDNIGHT_MS + round(1_000 * one) for one in seconds]
    return {"screen": pa.table({"time": times, "state": [state] * len(times)})}


def gathered(now: datetime = LATER) -> int:
    return kinds.drain(now, "gather")["gather"]


def live() -> list[tuple[bool, int]]:
    """Live chunks by time: whether an upload is named, and how many rows there are."""
    rows = Chunk.objects.live().order_by("first_at", "pk")
    return [(one.upload_id is not None, one.n_rows) for one in rows]


def everything(person: Enrollment, streams: Sequence[str] = ("screen",)) -> dict[str, Any]:
    """What is read, as bytes."""
    found = read(person, streams, MIDNIGHT - timedelta(days=9), CAME + timedelta(days=9))
    return {
        f"{stream}.{name}": repr(values.tolist()) if values.dtype == object else values.tobytes()
        for stream, columns in found.items()
        for name, values in columns.items()
    }


def copies() -> list[int]:
    return list(UploadPart.objects.order_by("upload_id").values_list("n_duplicates", flat=True))
