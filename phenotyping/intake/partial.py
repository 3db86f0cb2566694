"""Uploads in pieces: kept sealed as they come, and taken in like any other when the last one is here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from phenotyping.intake import ledger, room, services
from phenotyping.intake.decoding.envelope import wire_types
from phenotyping.intake.decoding.statement import Statement
from phenotyping.intake.faults import fault
from phenotyping.intake.inflating import require_known
from phenotyping.intake.ledger import Receipt
from phenotyping.intake.models import PartialUpload, Piece
from phenotyping.streams.catalogue import STREAM_NAMES
from wellness.consent import gate
from wellness.consent.purposes import COLLECT, STORE, Scope
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Device, Enrollment

MAX_UNFINISHED = 4


@dataclass(frozen=True)
class Whole:
    """What a phone says of a body before it sends any of it; lengths in bytes, `n_bytes` as it is sent."""

    content_type: str
    content_encoding: str
    stream: str
    n_bytes: int
    raw_length: int | None


def begin(*, device: Device, upload_id: UUID, whole: Whole, now: datetime) -> tuple[PartialUpload, bool]:
    """The upload, and whether it is new; the same may be begun any number of times."""
    _require_sense(whole)
    with transaction.atomic():
        person = gate.lock(device.enrollment)
        _require_consent(person, whole.stream, now)
        mine = PartialUpload.objects.filter(device=device)
        mine.expired(now).filter(public_id=upload_id).delete()
        found = mine.filter(public_id=upload_id).first()
        if found:
            _require_same(found, whole)
            return found, False
        if mine.alive(now).unfinished().count() >= MAX_UNFINISHED:
            message = f"Finish one of the {MAX_UNFINISHED} uploads that are under way first."
            raise fault("too_many_unfinished", message, status=429, retry=True)
        said = vars(whole)
        return PartialUpload.objects.create(device=device, public_id=upload_id, started_at=now, **said), True


def find(device: Device, upload_id: UUID, now: datetime) -> PartialUpload:
    """The upload that was begun; Refusal when there is none, or no longer."""
    found = PartialUpload.objects.alive(now).filter(device=device, public_id=upload_id).first()
    if found is None:
        raise fault("unknown_upload", "No such upload is under way; begin it.", status=404)
    return found


def append(
    *, device: Device, upload_id: UUID, start: int, piece: bytes, said: Statement, now: datetime
) -> tuple[PartialUpload, tuple[Receipt, bool] | None]:
    """The upload with one more piece, and once it is whole the receipt and whether that is new.

    A piece that is refused changes nothing. A whole that is refused for good is dropped; one that is only
    refused for now stays, and an empty piece at its end tries again.
    """
    with transaction.atomic():
        person = gate.lock(device.enrollment)
        upload = find(device, upload_id, now)
        _require_consent(person, upload.stream, now)
        _require_fit(upload, start, piece)
        if piece:
            sealed = keys.seal(person, _context(upload, start), piece)
            Piece.objects.create(upload=upload, start=start, sealed=sealed)
            upload.n_received += len(piece)
            upload.save(update_fields=["n_received"])
    if upload.n_received < upload.n_bytes:
        return upload, None
    return upload, _finish(upload, device, said, now)


def collect(now: datetime) -> int:
    """Delete what was not finished within a day; how many uploads that were."""
    expired = PartialUpload.objects.expired(now)
    n_uploads = expired.count()
    expired.delete()
    return n_uploads


def forget(enrollment: Enrollment, revoked: frozenset[Scope], now: datetime) -> None:
    """Delete what may hold samples that were just withdrawn; phones may begin again."""
    streams = {stream for purpose, stream in revoked if purpose in (COLLECT, STORE)}
    if streams:
        PartialUpload.objects.filter(device__enrollment=enrollment, stream__in=[*streams, ""]).delete()


def _finish(upload: PartialUpload, device: Device, said: Statement, now: datetime) -> tuple[Receipt, bool]:
    known = upload.body_sha256 and ledger.settled(device, upload.public_id, upload.body_sha256)
    if known:
        return known, False
    try:
        with room.for_joining(upload.n_bytes):
            receipt, created = services.receive(
                device=device,
                upload_id=upload.public_id,
                body=_assembled(upload, device.enrollment),
                content_type=upload.content_type,
                content_encoding=upload.content_encoding,
                stream=upload.stream or None,
                raw_length=upload.raw_length,
                said=said,
                now=now,
            )
    except Refusal as refusal:
        if not refusal.retry or refusal.status == 400:  # the pieces will not be any better for another try
            upload.delete()
        raise
    with transaction.atomic():
        PartialUpload.objects.filter(pk=upload.pk).update(body_sha256=receipt["sha256"])
        upload.pieces.all().delete()
    return receipt, created


def _assembled(upload: PartialUpload, enrollment: Enrollment) -> bytes:
    pieces = upload.pieces.order_by("start").values_list("start", "sealed")
    body = b"".join(
        keys.unseal(enrollment, _context(upload, start), bytes(sealed)) for start, sealed in pieces.iterator()
    )
    if len(body) != upload.n_bytes:  # another request finished it meanwhile, or it was withdrawn
        raise fault("unavailable", "The upload is being finished; ask again.", status=503, retry=True)
    return body


def _context(upload: PartialUpload, start: int) -> str:
    return f"piece|{upload.public_id}|{start}"


def _require_sense(whole: Whole) -> None:
    """Refuse now what would be refused when all of it has been sent."""
    require_known(whole.content_encoding)
    if whole.stream:
        wire_types(whole.stream)
    if max(whole.n_bytes, whole.raw_length or 0) > settings.UPLOAD_RAW_BYTES:
        raise fault("too_large", f"An upload has at most {settings.UPLOAD_RAW_BYTES} bytes.", status=413)


def _require_same(found: PartialUpload, whole: Whole) -> None:
    said: Mapping[str, object] = vars(whole)
    if any(getattr(found, name) != value for name, value in said.items()):
        message = "This upload id was begun for another body; send this one under a new id."
        raise fault("digest_mismatch", message, status=409)


def _require_fit(upload: PartialUpload, start: int, piece: bytes) -> None:
    if start != upload.n_received:
        refusal = fault("offset_mismatch", f"Go on from byte {upload.n_received}.", status=409)
        refusal.extra["offset"] = upload.n_received
        raise refusal
    if start + len(piece) > upload.n_bytes:
        raise fault("beyond_length", f"The upload was said to have {upload.n_bytes} bytes.")


def _require_consent(person: Enrollment, stream: str, now: datetime) -> None:
    """What nobody may keep is not kept in pieces either; finer questions are asked of the whole."""
    streams = [stream] if stream else STREAM_NAMES
    if not gate.permitted(person, STORE, streams, at=now):
        raise gate.ConsentDenied(STORE, streams)
