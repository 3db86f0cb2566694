"""Chunks that do not open: set aside, so that the rest stays readable, and never taken for "no data"."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from phenotyping.intake import chunks, hooks, shelves, spans
from phenotyping.intake.chunks import ChunkUnreadable
from phenotyping.intake.models import Chunk
from phenotyping.streams.samples import TIME
from wellness.audit.models import Outcome
from wellness.audit.services import SERVICE, enrollment_chain, record
from wellness.consent import gate
from wellness.lib.clock import utc_now
from wellness.studies.keys import KeyDestroyed
from wellness.studies.models import Enrollment

logger = logging.getLogger(__name__)


def quarantined(enrollment: Enrollment, streams: Iterable[str], start: datetime, end: datetime) -> set[str]:
    """The streams of which samples in [start, end) may be in quarantine: what is read of them has gaps."""
    rows = Chunk.objects.in_quarantine().spanning(enrollment, list(streams), start, end)
    return set(rows.values_list("stream", flat=True))


def set_aside(enrollment: Enrollment, faults: Sequence[ChunkUnreadable]) -> bool:
    """True when one of the chunks was live until now; False when all of them were replaced or set aside.

    It commits on its own. Inside a caller's transaction that rolls back it is undone: the log still names
    the chunk, and the next reader sets it aside again.
    """
    now = utc_now()
    with transaction.atomic():
        moved = [fault for fault in faults if _quarantine(enrollment, fault, now)]
    for fault in moved:
        chunk = fault.chunk  # by its parts, for what the log makes of an exception names nothing
        logger.error("chunk %s of %s is in quarantine: %s", chunk.public_id, chunk.stream, fault.fault)
    return bool(moved)


def _quarantine(enrollment: Enrollment, fault: ChunkUnreadable, now: datetime) -> bool:
    live = Chunk.objects.live().filter(pk=fault.chunk.pk)
    if not live.update(state=Chunk.State.QUARANTINED, state_at=now, fault=fault.fault):
        return False
    _note(enrollment, fault.chunk, "chunk.quarantine", fault.fault, now)
    return True


def release(enrollment: Enrollment, chunk: Chunk, now: datetime) -> bool:
    """True when a chunk in quarantine opens again and is live; the days that it spans become stale."""
    try:
        table = chunks.load(enrollment, chunk)
    except (ChunkUnreadable, KeyDestroyed):
        return False
    with transaction.atomic():
        person = gate.lock(enrollment)
        held = Chunk.objects.in_quarantine().filter(pk=chunk.pk)
        if not held.update(state=Chunk.State.LIVE, state_at=None, fault=""):
            return False
        if chunk.upload_id:
            shelves.note(person, n_bytes=0, fragments=True, now=now)
        _note(person, chunk, "chunk.release", "", now)
        hooks.tell(person, spans.of_times(table[TIME].to_numpy()), person.zones())
    return True


def _note(enrollment: Enrollment, chunk: Chunk, action: str, reason: str, now: datetime) -> None:
    record(
        chain=enrollment_chain(enrollment.public_id),
        actor=SERVICE,
        action=action,
        object=f"chunk:{chunk.public_id}",
        outcome=Outcome.DONE,
        reason=reason,
        at=now,
    )
