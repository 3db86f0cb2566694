"""Collecting what nothing needs: chunks that were replaced, and objects that no registry row names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.core.files.storage import storages

from phenotyping.intake import chunks
from phenotyping.intake.models import Chunk

STAYS = timedelta(hours=1)  # readers that listed a chunk before it was replaced are done by then
SETTLES = timedelta(days=1)  # an object is written before its row; no upload takes this long
BATCH = 500


def collect(now: datetime) -> int:
    """How many objects were deleted that no registry row names and that are older than a day."""
    storage, n = storages["chunks"], 0
    for name in orphans():
        try:
            old = storage.get_modified_time(name) <= now - SETTLES
        except FileNotFoundError:  # it went meanwhile
            continue
        n += old and chunks.remove(name)
    return n


def collect_superseded(now: datetime) -> int:
    """How many chunks were dropped, row and object, that were replaced more than an hour ago."""
    n = 0
    rows = Chunk.objects.superseded(now - STAYS).order_by("pk")
    while some := dict(rows.values_list("pk", "object_name")[:BATCH]):
        # Rows first: an object whose row is gone is an orphan, a row whose object is gone would be a loss.
        n += Chunk.objects.superseded(now - STAYS).filter(pk__in=some).delete()[0]
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


def names_of(person: object) -> Iterator[str]:
    """The names of all objects in a person's folder, whatever the registry knows of them."""
    for names in _names_of(str(person)):
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


def _names_of(person: str) -> Iterator[list[str]]:
    for stream in _folders(person):
        yield [f"{person}/{stream}/{name}" for name in storages["chunks"].listdir(f"{person}/{stream}")[1]]


def _folders(path: str) -> list[str]:
    try:
        return sorted(storages["chunks"].listdir(path)[0])
    except FileNotFoundError:  # nothing was ever kept in this folder
        return []


def _batches(names: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(names), BATCH):
        yield names[first : first + BATCH]
