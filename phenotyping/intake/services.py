"""Taking uploads in: decoded, checked, screened by consent, sealed, and accounted for, all of it or nothing.

Nothing is answered with success before it is kept. The same upload, however often and however parallel it
comes, is stored once and answered with the receipt first given (trust.md section 5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pyarrow as pa
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction

from phenotyping.intake import chunks, clocks, hooks, ledger, room, shelves, spans, zones
from phenotyping.intake.checking import EARLIEST, check
from phenotyping.intake.clocks import Offset
from phenotyping.intake.decoding import decode
from phenotyping.intake.decoding.body import media_type
from phenotyping.intake.decoding.statement import SILENT, Statement
from phenotyping.intake.faults import fault, too_many_rows
from phenotyping.intake.inflating import inflate
from phenotyping.intake.ledger import Receipt
from phenotyping.intake.models import Chunk, Upload
from phenotyping.intake.screening import Screened, screen
from wellness.consent import gate
from wellness.lib.diskfull import is_disk_full
from wellness.lib.refusal import Refusal
from wellness.prepared import insert
from wellness.studies.keys import KeyDestroyed
from wellness.studies.models import Device

ATTEMPTS = 3
SEEN_WITHIN = timedelta(minutes=1)  # a row is not rewritten for less


@dataclass(frozen=True)
class Arrival:
    """How an upload came, beside its rows. `sha256` is of the body before compression.

    `sent_at` and `clock` are by the phone's clock when this attempt was made, as far as it is known;
    `stated_at` is when it was in `zone`, None where its last sample says that.
    """

    device: Device
    upload_id: UUID
    sha256: str
    content_type: str
    n_wire_bytes: int
    sent_at: datetime | None
    clock: Offset | None
    zone: str
    stated_at: datetime | None
    boot_id: str
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
    raw_length: int | None = None,
    said: Statement = SILENT,
) -> tuple[Receipt, bool]:
    """The receipt of a body as a phone sent it, and whether it is new; Refusal when it is malformed.

    Also when too much is being read already: that one says when to come back.

    `raw_length` is how many bytes the body has before compression, where the phone says so; `said` is what
    else its headers say: what the body says of zone and boot goes before it.
    """
    media = media_type(content_type)
    with room.for_reading() as grow:
        raw = inflate(body, content_encoding, settings.UPLOAD_RAW_BYTES, grow, raw_length)
        sha256 = hashlib.sha256(raw).hexdigest()
        if known := ledger.settled(device, upload_id, sha256):
            return known, False
        envelope, n_wire_bytes = decode(raw, content_type, stream, settings.UPLOAD_ROWS), len(body)
        del body, raw  # what is stored was read from them, and storing may wait
    return accept(
        device=device,
        upload_id=upload_id,
        tables=envelope.tables,
        sha256=sha256,
        content_type=media,
        n_wire_bytes=n_wire_bytes,
        sent_at=envelope.sent_at,
        attempted_at=said.sent_at,
        zone=envelope.zone or said.zone,
        boot_id=envelope.boot_id or said.boot_id,
        now=now,
        is_new=True,
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
    attempted_at: datetime | None = None,
    zone: str = "",
    boot_id: str = "",
    is_new: bool = False,
) -> tuple[Receipt, bool]:
    """The receipt of tables by stream (`time` in epoch milliseconds), and whether they are new.

    By the phone's clock they were made ready at `sent_at`, and this attempt to send them at `attempted_at`.
    `is_new` spares another look for whoever has just looked; an upload that came meanwhile is still one.
    """
    if not is_new and (known := ledger.settled(device, upload_id, sha256)):
        return known, False
    if sum(table.num_rows for table in tables.values()) > settings.UPLOAD_ROWS:
        raise too_many_rows(settings.UPLOAD_ROWS)
    parts = [check(stream, table, now).booted(boot_id) for stream, table in tables.items()]
    arrival = Arrival(
        device=device,
        upload_id=upload_id,
        sha256=sha256,
        content_type=content_type,
        n_wire_bytes=n_wire_bytes,
        sent_at=attempted_at or sent_at,
        clock=_clock(device, attempted_at, sent_at, now),
        zone=zone,
        stated_at=sent_at,
        boot_id=boot_id,
        now=now,
    )
    for _ in range(ATTEMPTS):
        try:
            return _keep(arrival, screen(device.enrollment, parts, now, arrival.clock))
        except (_ConsentMoved, KeyDestroyed):
            continue
    busy = fault("consent_changing", "Consent is changing; send the upload again.", status=503)
    busy.retry = True
    raise busy


def _keep(arrival: Arrival, screened: Screened) -> tuple[Receipt, bool]:
    """Objects first, then one transaction; what surely stopped it takes the objects away again."""
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
    except DatabaseError as error:
        if is_disk_full(error):  # then it did not happen
            chunks.discard(made)
        raise  # a COMMIT whose answer was lost may have happened: the objects stay, as orphans if it did not
    except (Refusal, _ConsentMoved, KeyDestroyed):
        chunks.discard(made)
        raise


@transaction.atomic
def _commit(arrival: Arrival, screened: Screened, made: Sequence[Chunk]) -> Receipt:
    person = gate.lock(arrival.device.enrollment)
    if not screened.still_holds(person, arrival.now):
        raise _ConsentMoved
    receipt = ledger.receipt(arrival.upload_id, arrival.sha256, screened.parts, arrival.now, arrival.clock)
    stated_at = _stated_at(arrival, made)
    upload = Upload(
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
        boot_id=arrival.boot_id,
        clock_offset_ms=arrival.clock.ms if arrival.clock else None,
        clock_error_ms=arrival.clock.error_ms if arrival.clock else None,
        zone=arrival.zone if stated_at else "",
        stated_at=stated_at,
    )
    insert([upload])
    insert(ledger.upload_parts(upload, receipt["streams"]))
    for chunk in made:
        chunk.upload = upload
    insert(made)
    _note_seen(arrival.device, arrival.now)
    shelves.note(person, n_bytes=arrival.n_wire_bytes, fragments=bool(made), now=arrival.now)
    if made:
        lived = person.zones()
        if stated_at:
            lived = zones.follow(person, lived, arrival.zone, stated_at)
        hooks.tell(person, spans.of(screened.parts), lived)
    return receipt


def _note_seen(device: Device, now: datetime) -> None:
    if device.last_seen_at is None or now - device.last_seen_at > SEEN_WITHIN:
        Device.objects.filter(pk=device.pk).update(last_seen_at=now)


def _clock(
    device: Device, attempted_at: datetime | None, sent_at: datetime | None, now: datetime
) -> Offset | None:
    """What is known of the phone's clock; a body from the past says nothing of it, for it may have waited."""
    said_at = attempted_at or (sent_at if sent_at and sent_at > now else None)
    if said_at is None:
        return None
    known = Upload.objects.filter(device=device, clock_offset_ms__isnull=False)
    recent = known.filter(received_at__gt=now - clocks.RECENT).order_by("-received_at")
    heard = recent.values_list("sent_at", "received_at")[: clocks.N_RECENT]
    return clocks.estimate([(said_at, now), *((sent, received) for sent, received in heard if sent)])


def _stated_at(arrival: Arrival, made: Sequence[Chunk]) -> datetime | None:
    """From when on the phone's zone holds: the last moment it speaks of, for there may have been a flight."""
    if not (arrival.zone and made):
        return None
    last_at = arrival.stated_at
    if last_at is None or last_at < EARLIEST:  # a clock that was never set says nothing
        last_at = max(one.last_at for one in made)
    return min(last_at, arrival.now)  # a fast clock must not put it off
