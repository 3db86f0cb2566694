"""Each account's own key, for what is kept of whoever signs in: address, names, where they signed in from.

As with the data keys of enrollments it is kept wrapped by a key epoch (keyring), and destroying it forgets
the account, also in every backup once the epoch is gone.
"""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID

from wellness import keyring
from wellness.accounts.account_key import AccountKey
from wellness.keyring import CACHE_S, KeyDestroyed, KeyUnavailable
from wellness.lib import sealing

CACHE_SIZE = 4096
_opened: dict[UUID, tuple[bytes, int, float]] = {}


def make(owner: UUID) -> AccountKey:
    """A fresh key for a new account, stored wrapped; KeyUnavailable when its epoch's key is not."""
    _opened.pop(owner, None)
    named = AccountKey.objects.order_by("-pk").values_list("key_epoch", flat=True).first()
    epoch = keyring.newest(named=named or keyring.LEGACY)
    wrapped = wrap(owner, sealing.new_key(), epoch)
    row = AccountKey.objects.create(owner=owner, wrapped=wrapped, key_epoch=epoch)
    if not keyring.is_there(epoch):  # destroyed before our row could be seen; the next try finds another
        raise KeyUnavailable
    return row


def wrap(owner: UUID, key: bytes, epoch: int) -> bytes:
    """An account's key, wrapped by an epoch's."""
    return sealing.seal(keyring.key(epoch), key, context=_wrap_context(owner), key_version=epoch)


def rewrapped(owner: UUID, wrapped: bytes, before: int, after: int) -> bytes:
    """An account's key, moved from one epoch to another; SealBroken when it does not open."""
    return wrap(owner, sealing.unseal(keyring.key(before), wrapped, context=_wrap_context(owner)), after)


def seal(owner: UUID, context: str, plain: bytes) -> bytes:
    """The envelope of a value of this account; `context` names table and column."""
    key, epoch = _open(owner)
    return sealing.seal(key, plain, context=f"v1|{owner}|{context}", key_version=epoch)


def unseal(owner: UUID, context: str, sealed: bytes) -> bytes:
    """The value; KeyDestroyed when the account was forgotten, SealBroken when the envelope was altered."""
    return sealing.unseal(_open(owner)[0], sealed, context=f"v1|{owner}|{context}")


def shred(owner: UUID, *, now: datetime) -> None:
    """Destroy the account's key; this process forgets it at once, others within a minute."""
    AccountKey.objects.filter(owner=owner, shredded_at=None).update(wrapped=None, shredded_at=now)
    _opened.pop(owner, None)


def _open(owner: UUID) -> tuple[bytes, int]:
    key, epoch, until = _opened.get(owner, (b"", 0, 0.0))
    if time.monotonic() < until:
        return key, epoch
    row = AccountKey.objects.filter(owner=owner).first()
    if row is None or row.wrapped is None:
        raise KeyDestroyed(f"account {owner} has no key")
    wrapped = sealing.unseal(keyring.key(row.key_epoch), bytes(row.wrapped), context=_wrap_context(owner))
    key = sealing.subkey(wrapped, "field")
    if len(_opened) >= CACHE_SIZE:
        _opened.clear()
    _opened[owner] = key, row.key_epoch, time.monotonic() + CACHE_S
    return key, row.key_epoch


def _wrap_context(owner: UUID) -> str:
    return f"v1|{owner}|account-key"
