"""Collecting what nothing needs: chunks that were replaced, and objects that no registry row names.

Objects outlive the rows that named them by as long as a backup of the database may be restored
(`KEY_WINDOW`): what it names must still be there, for phones deleted their own copies long ago.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.storage import storages

from phenotyping.intake import chunks
from phenotyping.intake.models import Chunk
from phenotyping.intake.models.chunk import ChunkQuerySet

STAYS = timedelta(hours=1)  # readers that listed a chunk before it was replaced are done by then
SETTLES = timedelta(days=1)  # an object is written before its row; no upload takes this long
BATCH = 500

logger = logging.getLogger(__name__)


def collect(now: datetime) -> int:
    """How many objects were deleted that no registry row names, now or in a backup that may be restored."""
    storage, n, ours = storages["chunks"], 0, False
    for name in orphans():
        ours = ours or _is_ours()
        if not ours:
            logger.error("no row names an object, and there are some: is this their database? All stay")
            return 0
        try:
            old = storage.get_modified_time(name) <= now - max(SETTLES, settings.KEY_WINDOW)
        except FileNotFoundError:  # it went meanwhile
            continue
        n += old and chunks.remove(name)
    return n


def collect_superseded(now: datetime) -> int:
    """How many replaced chunks were dropped: an hour later; those with objects when no backup needs them."""
    replaced = Chunk.objects.superseded
    n = _dropped(replaced(now - STAYS).filter(object_name=None))
    return n + _dropped(replaced(now - max(STAYS, settings.KEY_WINDOW)).exclude(object_name=None))


def _dropped(rows: ChunkQuerySet) -> int:
    n = 0
    while some := dict(rows.order_by("state_at", "pk").values_list("pk", "object_name")[:BATCH]):
        # Rows first: an object whose row is gone is an orphan, a row whose object is gone would be a loss.
        n += rows.filter(pk__in=some).delete()[0]
        for name in filter(None, some.values()):
            chunks.remove(name)
    return n


def orphans() -> Iterator[str]:
    """The objects that no registry row names; some belong to uploads that are being stored right now."""
    for names in _names():
        known: set[str] = set()
        for some in _batches(names):
            rows = Chunk.objects.filter(object_name__in=some)
            known.update(filter(None, rows.values_list("object_name", flat=True)))
        yield from (name for name in names if name not in known)


def _is_ours() -> bool:
    """Whether the registry names any object at all: an empty or half restored database names none."""
    return Chunk.objects.filter(object_name__isnull=False).exists()


def names_of(person: object, streams: Collection[str] | None = None) -> Iterator[str]:
    """The names of all objects in a person's folder, whatever the registry knows; or of some streams."""
    for names in _names_of(str(person), streams):
        yield from names


def remove_folders(person: object) -> None:
    """Take away a person's folders, where the storage has any and they are empty: their name is a name."""
    for path in (*(f"{person}/{stream}" for stream in _folders(str(person))), str(person)):
        with suppress(OSError):
            storages["chunks"].delete(path)


def _names() -> Iterator[list[str]]:
    """The names of all objects, a person's stream at a time: person / stream / chunk."""
    for person in filter(chunks.is_public_id, _folders("")):
        yield from _names_of(person)


def _names_of(person: str, streams: Collection[str] | None = None) -> Iterator[list[str]]:
    for stream in _folders(person):
        if streams is not None and stream not in streams:
            continue
        yield [f"{person}/{stream}/{name}" for name in storages["chunks"].listdir(f"{person}/{stream}")[1]]


def _folders(path: str) -> list[str]:
    try:
        return sorted(storages["chunks"].listdir(path)[0])
    except FileNotFoundError:  # nothing was ever kept in this folder
        return []


def _batches(names: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(names), BATCH):
        yield names[first : first + BATCH]
