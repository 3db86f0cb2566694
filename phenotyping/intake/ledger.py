"""The account of an upload: for every stream, sent = stored + refused, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from phenotyping.intake.checking import CODES, FINE, Checked, Reasons
from phenotyping.intake.faults import fault
from phenotyping.intake.models import Upload, UploadPart
from wellness.lib.canonical import canonical
from wellness.studies.models import Device

MAX_RANGES = 20

Receipt = dict[str, Any]


def settled(device: Device, upload_id: UUID, sha256: str) -> Receipt | None:
    """The receipt first given for this upload, None for a new one; Refusal when the body is another."""
    row = Upload.objects.filter(device=device, public_id=upload_id).values("body_sha256", "receipt").first()
    if row is None:
        return None
    if row["body_sha256"] != sha256:
        message = "This upload id was used for another body; send this one under a new id."
        raise fault("digest_mismatch", message, status=409)
    return ordered(row["receipt"])


def receipt(upload_id: UUID, sha256: str, parts: Sequence[Checked], now: datetime) -> Receipt:
    """What the phone is told, now and whenever it asks again."""
    streams = {part.stream: _account(part.reasons) for part in parts}
    totals = {key: sum(one[key] for one in streams.values()) for key in ("sent", "stored", "refused")}
    at = now.isoformat()
    head = {"upload": str(upload_id), "sha256": sha256, "received_at": at, "server_time": at}
    return ordered(head | totals | {"streams": streams})


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
    same: Receipt = json.loads(canonical(value))
    return same


def _account(reasons: Reasons) -> dict[str, Any]:
    n_refused = int(np.count_nonzero(reasons != FINE))
    refusals = [one for code in np.unique(reasons[reasons != FINE]) for one in _ranges(reasons, int(code))]
    return {
        "sent": reasons.size,
        "stored": reasons.size - n_refused,
        "refused": n_refused,
        "refusals": refusals,
    }


def _ranges(reasons: Reasons, code: int) -> list[dict[str, Any]]:
    """The runs of rows refused for one reason; a single range that encloses them when they are many."""
    rows = np.flatnonzero(reasons == code)
    gaps = np.flatnonzero(np.diff(rows) > 1) + 1
    runs = np.split(rows, gaps) if gaps.size < MAX_RANGES else [rows]
    return [
        {"code": CODES[code], "first": int(run[0]), "last": int(run[-1]), "n": int(run.size)} for run in runs
    ]
