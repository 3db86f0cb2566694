"""The account of an upload: for every stream, sent = stored + refused, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from django.db.models import BigIntegerField, UUIDField

from phenotyping.intake.checking import AHEAD, CODES, FINE, FUTURE, Checked, Mask
from phenotyping.intake.clocks import Offset, jumped
from phenotyping.intake.faults import fault
from phenotyping.intake.models import Upload, UploadPart
from wellness.lib.clock import to_us
from wellness.prepared import Given, Select
from wellness.studies.models import Device

MAX_RANGES = 20

Receipt = dict[str, Any]

_SETTLED = Select(
    lambda: Upload.objects.filter(
        device_id=Given("device", BigIntegerField()), public_id=Given("upload", UUIDField())
    ).values_list("body_sha256", "receipt")
)


def settled(device: Device, upload_id: UUID, sha256: str) -> Receipt | None:
    """The receipt first given for this upload, None for a new one; Refusal when the body is another."""
    found = _SETTLED.rows(device=device.pk, upload=upload_id)
    if not found:
        return None
    ((known_sha256, known),) = found
    if known_sha256 != sha256:
        message = "This upload id was used for another body; send this one under a new id."
        raise fault("digest_mismatch", message, status=409)
    return ordered(known)


def receipt(
    upload_id: UUID, sha256: str, parts: Sequence[Checked], now: datetime, clock: Offset | None = None
) -> Receipt:
    """What the phone is told, now and whenever it asks again."""
    streams = {part.stream: _account(part, now) for part in parts}
    totals = {key: sum(one[key] for one in streams.values()) for key in ("sent", "stored", "refused")}
    at = now.isoformat()
    head = {"upload": str(upload_id), "sha256": sha256, "received_at": at, "server_time": at}
    known = {"clock": {"offset_ms": clock.ms, "error_ms": clock.error_ms}} if clock else {}
    return ordered(head | totals | {"streams": streams} | known)


def upload_parts(upload: Upload, streams: dict[str, Any]) -> list[UploadPart]:
    """The unsaved rows of the ledger that say the same as a receipt's `streams`."""
    return [
        UploadPart(
            upload=upload,
            stream=stream,
            n_sent=one["sent"],
            n_stored=one["stored"],
            n_refused=one["refused"],
            refusals=one["refusals"],
        )
        for stream, one in streams.items()
    ]


def ordered(value: Receipt) -> Receipt:
    """The receipt with sorted keys: PostgreSQL gives JSON back in an order of its own."""
    same: Receipt = msgspec.json.decode(msgspec.json.encode(value, order="sorted"))
    return same


def _account(part: Checked, now: datetime) -> dict[str, Any]:
    """What became of a stream's rows; `flags`, of rows that were stored, only where there are some."""
    reasons = part.reasons
    n_refused = int(np.count_nonzero(reasons != FINE))
    refused = [(CODES[code], reasons == code) for code in np.unique(reasons[reasons != FINE])]
    flags = [one for code, rows in _flagged(part, now) for one in _ranges(code, rows)]
    account = {
        "sent": reasons.size,
        "stored": reasons.size - n_refused,
        "refused": n_refused,
        "refusals": [one for code, rows in refused for one in _ranges(code, rows)],
    }
    return account | ({"flags": flags} if flags else {})


def _flagged(part: Checked, now: datetime) -> Iterator[tuple[str, Mask]]:
    """Stored rows whose time is doubtful: ahead of ours, or told by a clock that was set meanwhile."""
    stored = part.reasons == FINE
    yield CODES[FUTURE], stored & (part.times_us > to_us(now + AHEAD))
    if part.monotonic_ms is not None:
        rows = np.flatnonzero(stored)
        set_at = np.zeros(stored.size, bool)
        set_at[rows] = jumped(part.times_us[rows], part.monotonic_ms[rows])
        yield "clock_jumped", set_at


def _ranges(code: str, which: Mask) -> list[dict[str, Any]]:
    """The runs of these rows; a single range that encloses them when they are many."""
    rows = np.flatnonzero(which)
    if not rows.size:
        return []
    gaps = np.flatnonzero(np.diff(rows) > 1) + 1
    runs = np.split(rows, gaps) if gaps.size < MAX_RANGES else [rows]
    return [{"code": code, "first": int(run[0]), "last": int(run[-1]), "n": int(run.size)} for run in runs]
