"""Whether anything is kept of an interval, told from the registry alone where that is possible."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from phenotyping.intake import chunks
from phenotyping.intake.chunks import ChunkUnreadable
from phenotyping.intake.merging import between
from phenotyping.intake.models import Chunk
from phenotyping.streams.catalogue import STREAM_NAMES
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment


def any_samples(enrollment: Enrollment, start: datetime, end: datetime) -> bool:
    """Whether a sample of any stream is kept with start <= time < end; one that does not open may have it."""
    live = Chunk.objects.live().spanning(enrollment, [*STREAM_NAMES], start, end)
    begins = Q(first_at__gte=start, first_at__lt=end)
    if live.filter(begins | Q(last_at__gte=start, last_at__lt=end)).exists():
        return True
    around = live.filter(first_at__lt=start, last_at__gte=end)
    return any(_any_within(enrollment, chunk, start, end) for chunk in around)


def _any_within(enrollment: Enrollment, chunk: Chunk, start: datetime, end: datetime) -> bool:
    try:
        table = chunks.load(enrollment, chunk)
    except ChunkUnreadable:
        return True
    return bool(between(table, to_us(start), to_us(end)).num_rows)
