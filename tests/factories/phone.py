"""A phone: what it senses, how it sends it through intake, and the server's work that follows."""

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from phenotyping.intake.services import receive
from wellness.lib.clock import at_local, to_us
from wellness.studies.models import Device

HELSINKI = "Europe/Helsinki"
MINUTE = timedelta(minutes=1)

Rows = dict[str, list[Any]]


def local(on: date, wall: str, zone: str = HELSINKI) -> datetime:
    """The instant of a wall time ("14:30") where ada lives."""
    return at_local(on, time.fromisoformat(wall), zone)


def upload(device: Device, now: datetime, **streams: Rows) -> dict[str, Any]:
    """The receipt of one upload of these streams."""
    body = json.dumps({"streams": streams}).encode()
    receipt, _ = receive(
        device=device,
        upload_id=uuid4(),
        body=body,
        content_type="application/json",
        content_encoding="",
        stream=None,
        now=now,
    )
    return receipt


def rows(times: Sequence[datetime], **columns: list[Any]) -> Rows:
    """Columns of one stream as they travel."""
    return {"time": [to_us(at) / 1_000 for at in times], **columns}


def every(start: datetime, end: datetime, gap: timedelta) -> list[datetime]:
    """Instants from `start` on, before `end`."""
    return [start + gap * k for k in range(-((start - end) // gap))]


def battery(start: datetime, end: datetime, level: float = 80.0) -> Rows:
    """A row every quarter of an hour: the phone is alive and heard of."""
    times = every(start, end, 15 * MINUTE)
    return rows(times, level=[level] * len(times), status=["discharging"] * len(times))


def uses(*spans: tuple[datetime, datetime]) -> Rows:
    """Screen rows of a phone that is unlocked during the spans."""
    times = [at for start, end in spans for at in (start, start, end)]
    return rows(times, state=["on", "unlocked", "off"] * len(spans))


def walk(start: datetime, n_minutes: int, cadence: int = 100) -> Rows:
    """Steps counted minute by minute."""
    times = every(start, start + n_minutes * MINUTE, MINUTE)
    return rows(times, steps=[cadence] * n_minutes, duration_s=[60.0] * n_minutes)
