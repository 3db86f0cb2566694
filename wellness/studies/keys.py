"""Each person's data key: made at enrollment, kept wrapped, opened for at most a minute in a process.

The wrapping key comes from DATA_KEY; sub-keys for fields and for blobs come from the person's key. Each
envelope is bound to study, person and context, so it opens nowhere else.
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

from django.conf import settings

from wellness.lib import sealing
from wellness.lib.canonical import canonical
from wellness.studies.models import DataKey, Enrollment

CACHE_S = 60.0
CACHE_SIZE = 4096


class KeyDestroyed(Exception):
    """The person's data key no longer exists, so nothing that it sealed can be read."""


@dataclass(frozen=True)
class _Opened:
    prefix: str
    field: bytes
    blob: bytes
    epoch: int
    until: float


_opened: dict[UUID, _Opened] = {}


def make(enrollment: Enrollment) -> DataKey:
    """A fresh data key for a new enrollment, stored wrapped."""
    wrapped = sealing.seal(_wrapping_key(), sealing.new_key(), context=_wrap_context(enrollment))
    return DataKey.objects.create(enrollment=enrollment, wrapped=wrapped)


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
    DataKey.objects.filter(enrollment=enrollment, shredded_at=None).update(wrapped=None, shredded_at=now)
    _opened.pop(enrollment.public_id, None)


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
    assert row.wrapped is not None  # noqa: S101  callers look
    key = sealing.unseal(_wrapping_key(), bytes(row.wrapped), context=_wrap_context(enrollment))
    opened = _Opened(
        prefix=_prefix(enrollment),
        field=sealing.subkey(key, "field"),
        blob=sealing.subkey(key, "blob"),
        epoch=row.key_epoch,
        until=time.monotonic() + CACHE_S,
    )
    if len(_opened) >= CACHE_SIZE:
        _opened.clear()
    _opened[enrollment.public_id] = opened
    return opened


def _prefix(enrollment: Enrollment) -> str:
    return f"v1|{enrollment.study.public_id}|{enrollment.public_id}|"


def _wrap_context(enrollment: Enrollment) -> str:
    return _prefix(enrollment) + "data-key"


def _wrapping_key() -> bytes:
    return sealing.subkey(settings.DATA_KEY.encode(), "kek")
