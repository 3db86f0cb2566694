"""Sealed chunks in object storage: samples of one person and one stream, under that person's key."""

from __future__ import annotations

import errno
import hashlib
import logging
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from numpy.typing import NDArray

from phenotyping.intake import parquet
from phenotyping.intake.checking import FINE, Checked
from phenotyping.intake.faults import fault
from phenotyping.intake.models import Chunk
from phenotyping.streams.samples import TIME
from wellness.consent.gate import Permit
from wellness.lib import sealing
from wellness.lib.clock import from_us
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Enrollment

logger = logging.getLogger(__name__)


class ChunkUnreadable(Exception):
    """A chunk's object is gone, or is not what was sealed for this person, stream and chunk."""


def put(enrollment: Enrollment, part: Checked, permit: Permit) -> Chunk | None:
    """An unsaved registry row whose object is in storage; None when every row of the part is refused.

    The object is written before the row: a crash in between leaves at worst an object that nothing names.
    """
    table = _stored_rows(part)
    if not table.num_rows:
        return None
    times = table[TIME].to_numpy()
    chunk = Chunk(
        enrollment=enrollment,
        stream=part.stream,
        first_at=from_us(int(times[0])),
        last_at=from_us(int(times[-1])),
        n_rows=table.num_rows,
        consent_epoch=permit.epoch,
        consent_events=list(permit.event_ids),
    )
    key, chunk.key_epoch = keys.blob_key(enrollment)
    plain = parquet.encode(part.stream, table)
    sealed = sealing.seal(key, plain, context=_context(enrollment, chunk), key_version=chunk.key_epoch)
    chunk.n_bytes, chunk.sealed_sha256 = len(sealed), hashlib.sha256(sealed).hexdigest()
    chunk.object_name = _write(f"{enrollment.public_id}/{part.stream}/{chunk.public_id}", sealed)
    return chunk


def load(enrollment: Enrollment, chunk: Chunk) -> pa.Table:
    """The typed samples of a chunk, by time; ChunkUnreadable names it when it does not open."""
    key, _ = keys.blob_key(enrollment)
    try:
        with _storage().open(chunk.object_name, "rb") as file:
            sealed = file.read()
        plain = sealing.unseal(key, sealed, context=_context(enrollment, chunk))
    except (FileNotFoundError, sealing.SealBroken) as error:
        raise ChunkUnreadable(f"chunk {chunk.public_id}: {type(error).__name__}") from error
    return parquet.decode(chunk.stream, plain)


def discard(chunks: Iterable[Chunk]) -> None:
    """Remove objects that no registry row will name; one that stays is an orphan, and harmless."""
    for chunk in chunks:
        _remove(chunk.object_name)


def _stored_rows(part: Checked) -> pa.Table:
    """The rows that are not refused, by time; those of one instant in the order they were sent."""
    kept = np.flatnonzero(part.reasons == FINE)
    times = part.times_us[kept]
    if kept.size == part.table.num_rows and _ascending(times):
        return part.table
    return part.table.take(pa.array(kept[np.argsort(times, kind="stable")]))


def _ascending(times: NDArray[np.int64]) -> bool:
    return bool(np.all(times[1:] >= times[:-1]))


def _write(name: str, sealed: bytes) -> str:
    try:
        return _storage().save(name, ContentFile(sealed))
    except Exception as error:  # a storage backend raises what it likes
        logger.error("object %s was not written: %s", name, type(error).__name__)
        _remove(name)
        raise _storage_refusal(error) from error


def _remove(name: str) -> None:
    try:
        _storage().delete(name)
    except Exception as error:  # must not hide why it was to be removed
        logger.warning("object %s stays as an orphan: %s", name, type(error).__name__)


def _storage_refusal(error: Exception) -> Refusal:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    code, status = ("storage_full", 507) if full else ("storage_unavailable", 503)
    refusal = fault(code, "The upload cannot be kept now; send it again later.", status=status)
    refusal.retry = True
    return refusal


def _context(enrollment: Enrollment, chunk: Chunk) -> str:
    return f"v1|{enrollment.study.public_id}|{enrollment.public_id}|chunk|{chunk.stream}|{chunk.public_id}"


def _storage() -> Storage:
    return storages["chunks"]
