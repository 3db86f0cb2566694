"""Proving the store: every row that was stored is live, counted as a copy, or in quarantine."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q, Sum

from phenotyping.intake import chunks, ledger
from phenotyping.intake.chunks import ChunkUnreadable
from phenotyping.intake.forgetting import INTIMATE
from phenotyping.intake.models import Chunk, Upload, UploadPart
from phenotyping.streams.samples import TIME
from wellness.consent import gate
from wellness.lib.clock import to_us
from wellness.studies import keys
from wellness.studies.keys import KeyDestroyed
from wellness.studies.models import Enrollment, Phase

CHUNKS_AT_ONCE, UPLOADS_AT_ONCE = 8, 500


@dataclass(frozen=True)
class Fault:
    """What is wrong with one thing of one person: an upload, a chunk or the key by public id, or a stream."""

    participant: str
    kind: str
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of {self.participant}: {self.what}"


@dataclass
class Account:
    """What was counted (people, uploads, chunks, rows by what became of them), and what is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)


def verify_person(person: Enrollment) -> Account:
    """The account of one person; their samples are opened a few chunks at a time. StorageUnavailable."""
    account = Account(Counter(people=1))
    try:
        keys.blob_key(person)
    except KeyDestroyed:
        if keys.is_shredded(person):
            account.counts["forgotten"] += 1
        else:
            detail = "it is gone, and nobody forgot them"
            account.faults = [Fault(person.code, "key", str(person.public_id), detail)]
        return account
    faults = [*_rows(person, account.counts), *_uploads(person, account.counts)]
    faults += _chunks(person, account.counts)
    account.faults = [Fault(person.code, *fault) for fault in faults]
    return account


_Found = Iterator[tuple[str, str, str]]


def _rows(person: Enrollment, counts: Counter[str]) -> _Found:
    """By stream: stored = live + copies + in quarantine, all of one moment."""
    parts = UploadPart.objects.filter(upload__enrollment=person).order_by().values_list("stream")
    held = Chunk.objects.filter(enrollment=person).order_by().values_list("stream")
    live, kept = (
        Sum("n_rows", filter=Q(state=state), default=0)
        for state in (Chunk.State.LIVE, Chunk.State.QUARANTINED)
    )
    with transaction.atomic():
        with suppress(gate.PersonLeft):  # it is locked all the same
            gate.lock(person)  # no upload is stored and nothing gathered in between
        stored = {name: row for name, *row in parts.annotate(Sum("n_stored"), Sum("n_duplicates"))}
        found = {name: row for name, *row in held.annotate(n_live=live, n_kept=kept)}
    for stream in sorted({*stored, *found}):
        (n_stored, n_copies), (n_live, n_kept) = stored.get(stream, (0, 0)), found.get(stream, (0, 0))
        counts.update(stored=n_stored, live=n_live, duplicates=n_copies, quarantined=n_kept)
        if n_stored != n_live + n_copies + n_kept:
            what = f"{n_stored} rows stored, {n_live} live, {n_copies} copies, {n_kept} in quarantine"
            yield "stream", stream, what


def _uploads(person: Enrollment, counts: Counter[str]) -> _Found:
    """Uploads whose parts do not add up to them, or are not what the receipt says."""
    uploads = Upload.objects.filter(enrollment=person).order_by("pk").prefetch_related("parts")
    for upload in uploads.iterator(UPLOADS_AT_ONCE):
        counts["uploads"] += 1
        parts = list(upload.parts.all())
        if person.phase == Phase.ANONYMOUS:
            parts += _let_go(upload, parts)
        total = Counter[str]()
        for part in parts:
            total.update(sent=part.n_sent, stored=part.n_stored, refused=part.n_refused)
        if any(total[name] != getattr(upload, f"n_{name}") for name in ("sent", "stored", "refused")):
            yield "upload", str(upload.public_id), "its parts do not add up to it"
        if _said(upload) != _due(upload, parts):
            yield "upload", str(upload.public_id), "its receipt says something else"


def _let_go(upload: Upload, parts: list[UploadPart]) -> list[UploadPart]:
    """The parts that went with a person's name; only the receipt still tells of them."""
    there = {part.stream for part in parts}
    told = (upload.receipt.get("streams") or {}).items()
    gone = {name: one for name, one in told if name in INTIMATE and name not in there}
    return ledger.upload_parts(upload, gone)


def _said(upload: Upload) -> dict[str, object]:
    """What the receipt of an upload says of its rows; a doubt about a stored row is not an account of it."""
    told = {name: upload.receipt.get(name) for name in ("sent", "stored", "refused")}
    streams = upload.receipt.get("streams") or {}
    return told | {"streams": {name: {**one, "flags": None} for name, one in streams.items()}}


def _due(upload: Upload, parts: list[UploadPart]) -> dict[str, object]:
    """What the receipt of an upload must say."""
    streams = {
        part.stream: {
            "sent": part.n_sent,
            "stored": part.n_stored,
            "refused": part.n_refused,
            "refusals": part.refusals,
            "flags": None,
        }
        for part in parts
    }
    totals = {"sent": upload.n_sent, "stored": upload.n_stored, "refused": upload.n_refused}
    return totals | {"streams": streams}


def _chunks(person: Enrollment, counts: Counter[str]) -> _Found:
    """Chunks that do not open, are not what the registry says, or are in quarantine."""
    rows = Chunk.objects.filter(enrollment=person).exclude(state=Chunk.State.SUPERSEDED).order_by("pk")
    for chunk in rows.iterator(CHUNKS_AT_ONCE):
        counts["chunks"] += 1
        if chunk.state == Chunk.State.QUARANTINED:
            yield "chunk", str(chunk.public_id), f"in quarantine: {chunk.fault}"
        elif (what := _wrong(person, chunk)) and Chunk.objects.live().filter(pk=chunk.pk).exists():
            yield "chunk", str(chunk.public_id), what


def _wrong(person: Enrollment, chunk: Chunk) -> str:
    """What is wrong with a chunk, in words; empty when it is what the registry says."""
    try:
        sealed = chunks.sealed_bytes(chunk)
        if (len(sealed), hashlib.sha256(sealed).hexdigest()) != (chunk.n_bytes, chunk.sealed_sha256):
            return "it is not the bytes that were sealed"
        times = chunks.opened(person, chunk, sealed)[TIME].to_numpy()
    except ChunkUnreadable as error:
        return error.fault
    if times.size != chunk.n_rows:
        return f"it has {times.size} rows, not {chunk.n_rows}"
    if (times.min(), times.max()) != (to_us(chunk.first_at), to_us(chunk.last_at)):
        return "its samples are of another time"
    return ""
