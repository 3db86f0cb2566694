"""Sealed chunks in object storage: samples of one person and one stream, under that person's key."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from uuid import UUID

import numpy as np
import pyarrow as pa
from django.conf import settings
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
from wellness.lib.diskfull import is_disk_full
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Enrollment

logger = logging.getLogger(__name__)


class ChunkUnreadable(Exception):
    """A chunk's object is gone, or is not what was sealed for this person, stream and chunk."""

    def __init__(self, chunk: Chunk, fault: str) -> None:
        self.chunk, self.fault = chunk, fault
        super().__init__(f"chunk {chunk.public_id}: {fault}")


class StorageUnavailable(Refusal):
    """The storage did not answer; nothing is known about what it holds."""

    def __init__(self) -> None:
        message = "The samples cannot be read now; try again later."
        super().__init__("storage_unavailable", message, status=503, retry=True)


def put(enrollment: Enrollment, part: Checked, permit: Permit) -> Chunk | None:
    """An unsaved registry row, a large one's object in storage; None when every row of the part is refused.

    The object is written before the row: a crash in between leaves at worst an object that nothing names.
    """
    table = _stored_rows(part)
    if not table.num_rows:
        return None
    plain = parquet.encode_fragment(part.stream, table)
    chunk = seal(enrollment, part.stream, table, plain)
    chunk.consent_epoch, chunk.consent_events = permit.epoch, list(permit.event_ids)
    return chunk


def seal(enrollment: Enrollment, stream: str, table: pa.Table, plain: bytes) -> Chunk:
    """An unsaved registry row of a table by time and its bytes, without consent and upload."""
    times = table[TIME]
    chunk = Chunk(
        enrollment=enrollment,
        stream=stream,
        first_at=from_us(times[0].as_py()),
        last_at=from_us(times[-1].as_py()),
        n_rows=table.num_rows,
    )
    key, chunk.key_epoch = keys.blob_key(enrollment)
    sealed = sealing.seal(key, plain, context=_context(enrollment, chunk), key_version=chunk.key_epoch)
    chunk.n_bytes, chunk.sealed_sha256 = len(sealed), hashlib.sha256(sealed).hexdigest()
    if len(sealed) <= settings.CHUNK_ROW_BYTES:
        chunk.sealed = sealed
    else:
        chunk.object_name = _write(f"{enrollment.public_id}/{stream}/{chunk.public_id}", sealed)
    return chunk


def load(enrollment: Enrollment, chunk: Chunk) -> pa.Table:
    """The typed samples of a chunk, by time; ChunkUnreadable names it, StorageUnavailable blames no chunk."""
    return opened(enrollment, chunk, sealed_bytes(chunk))


def opened(enrollment: Enrollment, chunk: Chunk, sealed: bytes) -> pa.Table:
    """The typed samples in a chunk's sealed bytes; ChunkUnreadable names it when they do not open."""
    key, _ = keys.blob_key(enrollment)
    try:
        plain = sealing.unseal(key, sealed, context=_context(enrollment, chunk))
    except sealing.SealBroken as error:
        raise ChunkUnreadable(chunk, "it does not open") from error
    return parquet.decode(chunk.stream, plain)


def sealed_bytes(chunk: Chunk) -> bytes:
    """A chunk as it is kept; ChunkUnreadable when its object is gone, else StorageUnavailable."""
    if chunk.object_name is None:
        return bytes(chunk.sealed or b"")
    try:
        with _storage().open(chunk.object_name, "rb") as file:
            sealed: bytes = file.read()
    except FileNotFoundError as error:
        if not _holds_anyone():  # a folder or bucket that is not there: no fault of this chunk
            raise StorageUnavailable from error
        raise ChunkUnreadable(chunk, "its object is gone") from error
    except Exception as error:  # a storage backend raises what it likes
        raise StorageUnavailable from error
    return sealed


def discard(chunks: Iterable[Chunk]) -> None:
    """Remove objects that no registry row will name; one that stays is an orphan, and harmless."""
    for chunk in chunks:
        if chunk.object_name:
            remove(chunk.object_name)


def remove(name: str) -> bool:
    """Whether an object is gone; one that stays is an orphan, and harmless."""
    try:
        _storage().delete(name)
    except Exception as error:  # must not hide why it was to be removed
        logger.warning("object %s stays as an orphan: %s", name, type(error).__name__)
        return False
    return True


def _stored_rows(part: Checked) -> pa.Table:
    """The rows that are not refused, by time; those of one instant in the order they were sent."""
    kept = np.flatnonzero(part.reasons == FINE)
    times = part.times_us[kept]
    if kept.size == part.table.num_rows and _ascending(times):
        return part.table
    return part.table.take(pa.array(kept[np.argsort(times, kind="stable")]))


def _ascending(times: NDArray[np.int64]) -> bool:
    return bool(np.all(times[1:] >= times[:-1]))


def is_public_id(name: str) -> bool:
    """Whether a folder is a person's, and not one that a probe or an operator made."""
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _holds_anyone() -> bool:
    try:
        return any(map(is_public_id, _storage().listdir("")[0]))
    except Exception as error:  # a storage backend raises what it likes
        logger.error("the storage of chunks cannot be listed: %s", type(error).__name__)
        return False


def _write(name: str, sealed: bytes) -> str:
    try:
        return _storage().save(name, ContentFile(sealed))
    except Exception as error:  # a storage backend raises what it likes
        logger.error("object %s was not written: %s", name, type(error).__name__)
        remove(name)
        raise _storage_refusal(error) from error


def _storage_refusal(error: Exception) -> Refusal:
    code, status = ("storage_full", 507) if is_disk_full(error) else ("storage_unavailable", 503)
    refusal = fault(code, "The upload cannot be kept now; send it again later.", status=status)
    refusal.retry = True
    return refusal


def _context(enrollment: Enrollment, chunk: Chunk) -> str:
    return f"v1|{enrollment.study.public_id}|{enrollment.public_id}|chunk|{chunk.stream}|{chunk.public_id}"


def _storage() -> Storage:
    return storages["chunks"]
