"""Taking uploads in: decoded, checked, screened by consent, sealed, and accounted for, all of it or nothing.

Nothing is answered with success before it is kept. The same upload, however often and however parallel it
comes, is stored once and answered with the receipt first given (trust.md section 5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyarrow as pa
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction

from phenotyping.intake import chunks, hooks, ledger
from phenotyping.intake.checking import check
from phenotyping.intake.decoding import decode
from phenotyping.intake.decoding.body import media_type
from phenotyping.intake.faults import fault, too_many_rows
from phenotyping.intake.inflating import inflate
from phenotyping.intake.ledger import Receipt
from phenotyping.intake.models import Chunk, Upload, UploadPart
from phenotyping.intake.screening import Screened, screen
from wellness.consent import gate
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import change_zone

ATTEMPTS = 3


@dataclass(frozen=True)
class Arrival:
    """How an upload came, beside its rows. `sha256` is of the body before compression."""

    device: Device
    upload_id: UUID
    sha256: str
    content_type: str
    n_wire_bytes: int
    sent_at: datetime | None
    zone: str
    now: datetime


class _ConsentMoved(Exception):
    """Consent changed between screening and storing."""


def receive(
    *,
    device: Device,
    upload_id: UUID,
    body: bytes,
    content_type: str,
    content_encoding: str,
    stream: str | None,
    now: datetime,
) -> tuple[Receipt, bool]:
    """The receipt of a body as a phone sent it, and whether it is new; Refusal when it is malformed."""
    media = media_type(content_type)
    if len(body) > settings.UPLOAD_WIRE_BYTES:
        raise fault("too_large", f"A body has at most {settings.UPLOAD_WIRE_BYTES} bytes.", status=413)
    raw = inflate(body, content_encoding, settings.UPLOAD_RAW_BYTES)
    sha256 = hashlib.sha256(raw).hexdigest()
    if known := ledger.settled(device, upload_id, sha256):
        return known, False
    envelope = decode(raw, content_type, stream, settings.UPLOAD_ROWS)
    return accept(
        device=device,
        upload_id=upload_id,
        tables=envelope.tables,
        sha256=sha256,
        content_type=media,
        n_wire_bytes=len(body),
        sent_at=envelope.sent_at,
        zone=envelope.zone,
        now=now,
    )


def accept(
    *,
    device: Device,
    upload_id: UUID,
    tables: Mapping[str, pa.Table],
    sha256: str,
    content_type: str,
    n_wire_bytes: int,
    now: datetime,
    sent_at: datetime | None = None,
    zone: str = "",
) -> tuple[Receipt, bool]:
    """The receipt of tables by stream (`time` in epoch milliseconds), and whether they are new."""
    if known := ledger.settled(device, upload_id, sha256):
        return known, False
    if sum(table.num_rows for table in tables.values()) > settings.UPLOAD_ROWS:
        raise too_many_rows(settings.UPLOAD_ROWS)
    parts = [check(stream, table, now) for stream, table in tables.items()]
    arrival = Arrival(device, upload_id, sha256, content_type, n_wire_bytes, sent_at, zone, now)
    for _ in range(ATTEMPTS):
        try:
            return _keep(arrival, screen(device.enrollment, parts, now))
        except _ConsentMoved:
            continue
    busy = fault("consent_changing", "Consent is changing; send the upload again.", status=503)
    busy.retry = True
    raise busy


def _keep(arrival: Arrival, screened: Screened) -> tuple[Receipt, bool]:
    """Objects first, then one transaction; whatever stops it takes the objects away again."""
    made: list[Chunk] = []
    try:
        for part in screened.parts:
            permit = screened.permits.get(part.stream)
            chunk = chunks.put(arrival.device.enrollment, part, permit) if permit else None
            if chunk:
                made.append(chunk)
        return _commit(arrival, screened, made), True
    except IntegrityError:
        chunks.discard(made)
        known = ledger.settled(arrival.device, arrival.upload_id, arrival.sha256)
        if known is None:
            raise
        return known, False
    except DatabaseError:
        raise  # a COMMIT whose answer was lost may have happened: the objects stay, as orphans if it did not
    except Exception:
        chunks.discard(made)
        raise


@transaction.atomic
def _commit(arrival: Arrival, screened: Screened, made: Sequence[Chunk]) -> Receipt:
    person = gate.lock(arrival.device.enrollment)
    if not screened.still_holds(person, arrival.now):
        raise _ConsentMoved
    receipt = ledger.receipt(arrival.upload_id, arrival.sha256, screened.parts, arrival.now)
    upload = Upload.objects.create(
        enrollment=person,
        device=arrival.device,
        public_id=arrival.upload_id,
        body_sha256=arrival.sha256,
        content_type=arrival.content_type,
        n_wire_bytes=arrival.n_wire_bytes,
        n_sent=receipt["sent"],
        n_stored=receipt["stored"],
        n_refused=receipt["refused"],
        receipt=receipt,
        sent_at=arrival.sent_at,
        received_at=arrival.now,
        consent_epoch=person.consent_epoch,
    )
    UploadPart.objects.bulk_create(ledger.upload_parts(upload, receipt["streams"]))
    for chunk in made:
        chunk.upload = upload
    Chunk.objects.bulk_create(made)
    Device.objects.filter(pk=arrival.device.pk).update(last_seen_at=arrival.now)
    if made:
        if arrival.zone:
            _follow_zone(person, arrival, _zone_from(arrival, made))
        hooks.tell(person, [(one.first_at, one.last_at) for one in made])
    return receipt


def _follow_zone(person: Enrollment, arrival: Arrival, from_at: datetime) -> None:
    """Note the phone's zone, unless it was heard of since: a delayed upload says nothing about now."""
    if not Upload.objects.filter(enrollment=person, sent_at__gt=from_at).exists():
        change_zone(enrollment=person, zone=arrival.zone, from_at=from_at)


def _zone_from(arrival: Arrival, made: Sequence[Chunk]) -> datetime:
    """From when on the phone's zone holds: the last moment it speaks of, for there may have been a flight."""
    last_at = max(one.last_at for one in made)
    return min(arrival.sent_at or last_at, arrival.now)  # a fast clock must not put it off
