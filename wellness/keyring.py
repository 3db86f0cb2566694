"""Key epochs: the keys that wrap the keys of people, one a month, in files outside every database backup.

Destroying an epoch's file makes whatever it wrapped unreadable: also in an old backup of the database, for
people who were forgotten since. `NNNNNN.key` holds the epoch, itself wrapped by DATA_KEY; an empty
`NNNNNN.retired` tells by its time since when no key uses it; `NNNNNN.destroyed` stays when the key is gone.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from wellness.lib import sealing
from wellness.lib.refusal import Refusal

LEGACY = 1  # what DATA_KEY wrapped itself, before there were epochs
CACHE_S = 60.0
NO_FOLDER = "the folder of key epochs (KEY_DIR) lacks epoch {}"
_opened: dict[tuple[str, int], tuple[bytes, float]] = {}


class KeyDestroyed(Exception):
    """The key no longer exists, so nothing that it sealed can be read."""


class KeyUnavailable(Refusal):
    """An epoch's key should be there and is not, or does not open: the operator must bring it back."""

    def __init__(self) -> None:
        message = "The keys are not available now; try again later."
        super().__init__("keys_unavailable", message, status=503, retry=True)


def epochs() -> list[int]:
    """The epochs whose keys are there, oldest first."""
    return _numbers("key")


def newest(*, named: int) -> int:
    """The epoch to wrap with, made on first use; `named` is the latest epoch that the database names."""
    latest = max(epochs(), default=LEGACY)
    if latest < named:
        raise KeyUnavailable from FileNotFoundError(NO_FOLDER.format(named))
    return latest if latest > LEGACY else create(after=LEGACY)


def create(*, after: int) -> int:
    """A new epoch later than `after`; of processes that make it together one wins, and all use its key."""
    number = max(after, LEGACY, *epochs(), *_numbers("destroyed"), 0) + 1
    path = _path(number, "key")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    sealed = sealing.seal(_root(), sealing.new_key(), context=_context(number))
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    _sync()
    return number


def key(number: int) -> bytes:
    """An epoch's key, remembered for a minute; KeyDestroyed or KeyUnavailable when it cannot be had."""
    if number == LEGACY:
        return sealing.subkey(settings.DATA_KEY.encode(), "kek")
    place = str(settings.KEY_DIR), number
    opened, until = _opened.get(place, (b"", 0.0))
    if time.monotonic() < until:
        return opened
    try:
        opened = sealing.unseal(_root(), _path(number, "key").read_bytes(), context=_context(number))
    except (OSError, sealing.SealBroken) as error:
        if _path(number, "destroyed").exists():
            raise KeyDestroyed(f"key epoch {number} was destroyed") from None
        raise KeyUnavailable from error
    _opened[place] = opened, time.monotonic() + CACHE_S
    return opened


def is_there(number: int) -> bool:
    """Whether an epoch's file is there, whatever this process remembers."""
    return number == LEGACY or _path(number, "key").exists()


def made_at(number: int) -> datetime:
    """When an epoch began."""
    return _time(_path(number, "key"))


def retire(number: int, *, now: datetime) -> datetime:
    """Since when no key uses the epoch: since now, unless it was retired before."""
    path = _path(number, "retired")
    if not path.exists():
        path.touch(0o600)
        os.utime(path, (now.timestamp(), now.timestamp()))
    return _time(path)


def reinstate(number: int) -> None:
    """Keys use the epoch again: a backup of the database was restored."""
    _path(number, "retired").unlink(missing_ok=True)


def destroy(number: int) -> None:
    """The epoch's key is overwritten and removed; that it was there stays known."""
    path = _path(number, "key")
    _path(number, "destroyed").touch(0o600)
    _sync()
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    _path(number, "retired").unlink(missing_ok=True)
    _opened.pop((str(settings.KEY_DIR), number), None)
    _sync()


def _numbers(suffix: str) -> list[int]:
    return sorted(int(one.stem) for one in _folder().glob(f"[0-9]*.{suffix}"))


def _folder() -> Path:
    return Path(settings.KEY_DIR)


def _path(number: int, suffix: str) -> Path:
    return _folder() / f"{number:06}.{suffix}"


def _time(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _sync() -> None:
    descriptor = os.open(_folder(), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _root() -> bytes:
    return sealing.subkey(settings.DATA_KEY.encode(), "epoch")


def _context(number: int) -> str:
    return f"v1|epoch|{number}"
