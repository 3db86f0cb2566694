"""Imports: pieces of an export through the same intake as an upload, stored once however often they come.

An upload's id is made from what it holds and from when on consent covers it: the same rows under the same
consent are the same upload, and rows that were refused are sent anew once consent has been given for them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from phenotyping.intake.checking import AHEAD, EARLIEST_MS, FAR_AHEAD
from phenotyping.intake.ledger import Receipt
from phenotyping.intake.services import accept
from wellness.consent import gate
from wellness.consent.purposes import STORE
from wellness.gateways.converted import Converted
from wellness.lib.clock import from_us, to_us
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import issue_device

BATCH_ROWS = 200_000
NAMESPACE = UUID("6f1d9d0e-5a58-4b0c-9e3e-0d9a4ce6f1ab")

Export = Callable[[], Iterator[Converted]]
"""An export that can be gone through more than once."""


@dataclass
class Extent:
    """What an export holds: its streams and people, and the first and last instant of its samples."""

    streams: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    first_ms: float = float("inf")
    last_ms: float = float("-inf")

    @property
    def first_at(self) -> datetime:
        """The instant of the first sample."""
        return from_us(round(self.first_ms * 1_000))

    @property
    def last_at(self) -> datetime:
        """The instant of the last sample."""
        return from_us(round(self.last_ms * 1_000))


@dataclass
class Ledger:
    """Every row of an export: sent = stored + refused by stream, and what no stream is made of."""

    sent: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    refused: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    left_out: Counter[str] = field(default_factory=Counter)
    unknown_columns: Counter[str] = field(default_factory=Counter)
    n_uploads: int = 0
    n_known: int = 0

    def enter(self, receipt: Receipt, created: bool) -> None:
        """Add a receipt."""
        self.n_uploads += 1
        self.n_known += not created
        for stream, one in receipt["streams"].items():
            self.sent[stream] += one["sent"]
            self.stored[stream] += one["stored"]
            for refusal in one["refusals"]:
                self.refused[stream][refusal["code"]] += refusal["n"]


def extent(export: Export, now: datetime) -> Extent:
    """What the export holds, found by going through all of it; rows of a fast clock do not count."""
    found = Extent()
    for piece in export():
        found.people |= piece.people
        for stream, rows in piece.parts:
            times = _timed(rows, now + AHEAD)["time"]
            if len(times):
                ends = pc.min_max(times)
                found.streams.add(stream)
                found.first_ms = min(found.first_ms, ends["min"].as_py())
                found.last_ms = max(found.last_ms, ends["max"].as_py())
    return found


def send(export: Export, enrollment: Enrollment, streams: Iterable[str], now: datetime) -> Ledger:
    """The ledger of an export taken in for a person."""
    ledger, device = Ledger(), importer(enrollment, now)
    coverage = _coverage(enrollment, streams, now)
    for piece in export():
        ledger.left_out += piece.left_out
        ledger.unknown_columns += piece.unknown_columns
        for stream, rows in piece.parts:
            usable = _timed(rows, now + FAR_AHEAD)
            ledger.left_out[f"{stream}: impossible time"] += rows.num_rows - usable.num_rows
            for start in range(0, usable.num_rows, BATCH_ROWS):
                batch = usable.slice(start, BATCH_ROWS)
                ledger.enter(*_accept(device, stream, batch, coverage[stream], now))
    return ledger


def importer(enrollment: Enrollment, now: datetime) -> Device:
    """The one device that stands for imports of a person."""
    with transaction.atomic():
        gate.lock(enrollment)
        made = Device.objects.filter(enrollment=enrollment, platform=Device.Platform.IMPORT, revoked_at=None)
        device = made.select_related("enrollment__study").order_by("pk").first()
        return device or issue_device(enrollment=enrollment, platform=Device.Platform.IMPORT, now=now)[0]


def _accept(
    device: Device, stream: str, rows: pa.Table, coverage: str, now: datetime
) -> tuple[Receipt, bool]:
    content = _bytes(rows)
    digest = sha256(content).hexdigest()
    return accept(
        device=device,
        upload_id=uuid5(NAMESPACE, f"{stream}|{digest}|{coverage}"),
        tables={stream: rows},
        sha256=digest,
        content_type="application/vnd.apache.arrow.stream",
        n_wire_bytes=len(content),
        now=now,
    )


def _coverage(enrollment: Enrollment, streams: Iterable[str], now: datetime) -> dict[str, str]:
    """By stream, from when on consent covers what happened; "none" where it may not be stored now."""
    wanted = sorted(streams)
    permits = gate.permitted(enrollment, STORE, wanted, at=now)
    windows = gate.periods(enrollment, STORE, wanted)
    return {one: windows[one][0][0].isoformat() if one in permits else "none" for one in wanted}


def _timed(rows: pa.Table, until: datetime) -> pa.Table:
    """Rows whose time is possible, up to `until`.

    What intake would refuse for its time is left out: it would be refused for good, and a row that is only
    ahead of its time may be imported once that has come.
    """
    time = rows["time"]
    latest_ms = to_us(until) / 1_000
    return rows.filter(pc.and_(pc.greater_equal(time, EARLIEST_MS), pc.less_equal(time, latest_ms)))


def _bytes(rows: pa.Table) -> bytes:
    """The rows as Arrow's IPC stream, the same for the same values."""
    sink = pa.BufferOutputStream()
    whole = rows.combine_chunks()
    with pa.ipc.new_stream(sink, whole.schema) as writer:
        writer.write_table(whole)
    content: bytes = sink.getvalue().to_pybytes()
    return content
