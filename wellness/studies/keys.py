"""Each person's data key: made at enrollment, kept wrapped, opened for at most a minute in a process.

The wrapping key is that of an epoch (keyring); sub-keys for fields and for blobs come from the person's key.
Each envelope is bound to study, person and context, so it opens nowhere else.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from wellness import keyring
from wellness.audit.services import SERVICE, enrollment_chain, record
from wellness.keyring import CACHE_S, KeyDestroyed, KeyUnavailable
from wellness.lib import sealing
from wellness.lib.canonical import canonical
from wellness.studies.models import DataKey, Enrollment

__all__ = [
    "KeyDestroyed",
    "KeyUnavailable",
    "blob_key",
    "digest",
    "is_open",
    "is_shredded",
    "make",
    "rewrapped",
    "seal",
    "seal_json",
    "shred",
    "unseal",
    "unseal_json",
    "warm",
]
CACHE_SIZE = 4096


@dataclass(frozen=True)
class _Opened:
    prefix: str
    field: bytes
    blob: bytes
    epoch: int
    until: float


_opened: dict[UUID, _Opened] = {}


@transaction.atomic
def make(enrollment: Enrollment) -> DataKey:
    """A fresh data key for a new enrollment, stored wrapped; KeyUnavailable when its epoch's key is not."""
    named = DataKey.objects.order_by("-pk").values_list("key_epoch", flat=True).first()
    epoch = keyring.newest(named=named or keyring.LEGACY)
    context = _wrap_context(_prefix_of(enrollment))
    wrapped = sealing.seal(keyring.key(epoch), sealing.new_key(), context=context, key_version=epoch)
    row = DataKey.objects.create(enrollment=enrollment, wrapped=wrapped, key_epoch=epoch)
    if not keyring.is_there(epoch):  # destroyed before our row could be seen; the next try finds another
        raise KeyUnavailable
    return row


def rewrapped(study: UUID, person: UUID, wrapped: bytes, before: int, after: int) -> bytes:
    """A person's key, moved from one epoch to another; SealBroken when it does not open."""
    context = _wrap_context(_prefix(study, person))
    key = sealing.unseal(keyring.key(before), wrapped, context=context)
    return sealing.seal(keyring.key(after), key, context=context, key_version=after)


def seal(enrollment: Enrollment, context: str, plain: bytes) -> bytes:
    """The envelope of a field's bytes; `context` names table, row and field ("day|2026-01-05|values")."""
    key = _open(enrollment)
    return sealing.seal(key.field, plain, context=key.prefix + context, key_version=key.epoch)


def unseal(enrollment: Enrollment, context: str, sealed: bytes) -> bytes:
    """The bytes of a field; KeyDestroyed when the person was forgotten, SealBroken when it was altered."""
    key = _open(enrollment)
    return sealing.unseal(key.field, bytes(sealed), context=key.prefix + context)


def seal_json(enrollment: Enrollment, context: str, value: Any) -> bytes:
    """The envelope of a JSON value."""
    return seal(enrollment, context, canonical(value))


def unseal_json(enrollment: Enrollment, context: str, sealed: bytes) -> Any:
    """The JSON value in an envelope."""
    return json.loads(unseal(enrollment, context, sealed))


def digest(enrollment: Enrollment, value: Any) -> str:
    """A digest that only the person's key can make: of few possible values a plain one could be guessed."""
    key = sealing.subkey(_open(enrollment).field, "digest")
    return hmac.new(key, canonical(value), "sha256").hexdigest()


def blob_key(enrollment: Enrollment) -> tuple[bytes, int]:
    """The person's key for objects in storage, and the epoch to write beside what it seals."""
    key = _open(enrollment)
    return key.blob, key.epoch


def shred(enrollment: Enrollment, *, now: datetime) -> None:
    """Destroy the data key; this process forgets it at once, others within a minute."""
    with transaction.atomic():
        there = DataKey.objects.filter(enrollment=enrollment, shredded_at=None)
        if there.update(wrapped=None, shredded_at=now):
            chain = enrollment_chain(enrollment.public_id)
            record(chain=chain, actor=SERVICE, action="key.shredded", at=now)
    _opened.pop(enrollment.public_id, None)


def is_shredded(enrollment: Enrollment) -> bool:
    """Whether the data key was destroyed by `shred`; one that is missing for another reason is a loss."""
    return DataKey.objects.filter(enrollment=enrollment, shredded_at__isnull=False).exists()


def is_open(enrollment: Enrollment) -> bool:
    """Whether this process holds the person's key now."""
    return _known(enrollment) is not None


def warm(enrollments: Iterable[Enrollment]) -> None:
    """Open the keys of many people in one query, for readers of many; forgotten people are left out."""
    wanted = {one.pk: one for one in enrollments if _known(one) is None}
    for row in DataKey.objects.filter(enrollment__in=wanted, wrapped__isnull=False):
        _keep(wanted[row.enrollment_id], row)


def _open(enrollment: Enrollment) -> _Opened:
    known = _known(enrollment)
    if known:
        return known
    row = DataKey.objects.filter(enrollment=enrollment).first()
    if row is None or row.wrapped is None:
        _opened.pop(enrollment.public_id, None)
        raise KeyDestroyed(f"enrollment {enrollment.public_id} has no data key")
    return _keep(enrollment, row)


def _known(enrollment: Enrollment) -> _Opened | None:
    known = _opened.get(enrollment.public_id)
    return known if known and time.monotonic() < known.until else None


def _keep(enrollment: Enrollment, row: DataKey) -> _Opened:
    assert row.wrapped is not None  # nosec B101 # noqa: S101  callers look
    prefix = _prefix_of(enrollment)
    key = sealing.unseal(keyring.key(row.key_epoch), bytes(row.wrapped), context=_wrap_context(prefix))
    opened = _Opened(
        prefix=prefix,
        field=sealing.subkey(key, "field"),
        blob=sealing.subkey(key, "blob"),
        epoch=row.key_epoch,
        until=time.monotonic() + CACHE_S,
    )
    if len(_opened) >= CACHE_SIZE:
        _opened.clear()
    _opened[enrollment.public_id] = opened
    return opened


def _prefix_of(enrollment: Enrollment) -> str:
    return _prefix(enrollment.study.public_id, enrollment.public_id)


def _prefix(study: UUID, person: UUID) -> str:
    return f"v1|{study}|{person}|"


def _wrap_context(prefix: str) -> str:
    return prefix + "data-key"
