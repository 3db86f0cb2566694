"""Rotating key epochs: a new one every month, every key under it, and the old one destroyed in time.

Enrollments have keys for what people sent and said, accounts for who they are; an epoch wraps both.

Each step may be cut short at any point and is taken up by the next run. Somebody who was forgotten is
unreadable from every backup after two windows at most: an epoch ends one window after the first of those it
wraps was forgotten, and its key goes one window after that. As long, a backup can be restored.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Model

from wellness import keyring
from wellness.accounts import keys as account_keys
from wellness.accounts.models import AccountKey
from wellness.audit.services import SERVICE, SYSTEM_CHAIN, record
from wellness.lib.sealing import SealBroken
from wellness.studies import keys
from wellness.studies.models import DataKey

logger = logging.getLogger(__name__)
MONTH = timedelta(days=30)
BATCH = 2_000


@dataclass(frozen=True)
class _Kept:
    """Where keys are kept, whose they are, and how one is moved from one epoch to another."""

    model: type[Model]
    owner: tuple[str, ...]
    rewrapped: Callable[..., bytes]

    @property
    def rows(self) -> Any:
        return self.model._default_manager.all()


KEPT = (
    _Kept(DataKey, ("enrollment__study__public_id", "enrollment__public_id"), keys.rewrapped),
    _Kept(AccountKey, ("owner",), account_keys.rewrapped),
)


@dataclass(frozen=True)
class Rotation:
    """What a run did: the epoch now in use, keys moved to it, keys that did not open, epochs destroyed."""

    epoch: int
    n_rewrapped: int
    n_broken: int
    destroyed: tuple[int, ...]


def rotate(*, now: datetime, window: timedelta, only_if_due: bool = False) -> Rotation:
    """Begin an epoch, move everyone's key to it, destroy epochs that no key used for the whole window."""
    named = [kept.rows.aggregate(latest=Max("key_epoch"))["latest"] or keyring.LEGACY for kept in KEPT]
    epoch = keyring.newest(named=max(named))
    if not only_if_due or is_due(epoch, now=now, window=window):
        epoch = keyring.create(after=epoch)
        record(chain=SYSTEM_CHAIN, actor=SERVICE, action="key.epoch_begun", object=str(epoch), at=now)
    for used in _used():
        keyring.reinstate(used)
    moved = [done for kept in KEPT for done in _rewrap(kept, epoch)]
    n_broken = sum(broken for _, broken in moved)
    return Rotation(epoch, sum(n for n, _ in moved), n_broken, _destroy_unused(epoch, now, window))


def is_due(epoch: int, *, now: datetime, window: timedelta) -> bool:
    """Whether the epoch lasted a month, or wraps somebody who was forgotten a window ago."""
    forgotten = [kept.rows.filter(key_epoch=epoch, shredded_at__lte=now - window) for kept in KEPT]
    return keyring.made_at(epoch) <= now - MONTH or any(gone.exists() for gone in forgotten)


def _rewrap(kept: _Kept, epoch: int) -> Iterator[tuple[int, int]]:
    """Of each batch of keys that are wrapped by another epoch: how many were moved, how many do not open."""
    there = [keyring.LEGACY, *keyring.epochs()]  # a key whose epoch is gone came with an old backup
    rows = kept.rows.filter(wrapped__isnull=False, key_epoch__in=there).exclude(key_epoch=epoch)
    rows = rows.order_by("pk").select_for_update(of=("self",))
    found = rows.values_list("pk", "key_epoch", "wrapped", *kept.owner)
    last = 0
    while True:
        with transaction.atomic():
            batch = list(found.filter(pk__gt=last)[:BATCH])
            if not batch:
                return
            last = batch[-1][0]
            moved = [one for row in batch if (one := _moved(kept, row, epoch))]
            _store(kept, moved, epoch)
            if not keyring.is_there(epoch):  # another run moved on and destroyed it
                raise keys.KeyUnavailable
        yield len(moved), len(batch) - len(moved)


def _moved(kept: _Kept, row: tuple[Any, ...], epoch: int) -> tuple[int, bytes] | None:
    pk, before, wrapped, *owner = row
    try:
        return pk, kept.rewrapped(*owner, bytes(wrapped), before, epoch)
    except SealBroken:
        logger.error("the %s of %s does not open", kept.model._meta.verbose_name, owner[-1])
        return None


def _store(kept: _Kept, moved: list[tuple[int, bytes]], epoch: int) -> None:
    """One statement for all of them; the ORM would write a CASE of as many branches."""
    if moved:
        table, rows = f'"{kept.model._meta.db_table}"', ", ".join(["(%s, %s)"] * len(moved))
        update = f"UPDATE {table} SET wrapped = v.column2, key_epoch = %s FROM (VALUES {rows}) AS v"  # nosec B608 # noqa: S608
        values: list[Any] = [epoch]
        values.extend(chain.from_iterable(moved))
        with connection.cursor() as cursor:
            cursor.execute(f"{update} WHERE {table}.id = v.column1", values)


@transaction.atomic
def _destroy_unused(epoch: int, now: datetime, window: timedelta) -> tuple[int, ...]:
    """The epochs destroyed: none that a key uses or that was in use within the window."""
    _wait_for_writers()
    used, destroyed = _used(), []
    for old in keyring.epochs():
        if old < epoch and old not in used and keyring.retire(old, now=now) <= now - window:
            record(chain=SYSTEM_CHAIN, actor=SERVICE, action="key.epoch_destroyed", object=str(old), at=now)
            keyring.destroy(old)
            destroyed.append(old)
    return tuple(destroyed)


def _used() -> set[int]:
    found = [kept.rows.filter(wrapped__isnull=False).values_list("key_epoch", flat=True) for kept in KEPT]
    return set(chain.from_iterable(one.distinct() for one in found))


def _wait_for_writers() -> None:
    """Until this transaction ends no key is written, and those that were being written can be seen."""
    if connection.vendor == "postgresql":  # SQLite has one writer at a time
        with connection.cursor() as cursor:
            tables = ", ".join(f'"{kept.model._meta.db_table}"' for kept in KEPT)
            cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")
