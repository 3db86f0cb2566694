"""Room on the volumes that this machine writes to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection


class DiskLow(Exception):
    """A volume has less room than it must have."""


def require_room() -> None:
    """Return when every volume has room; DiskLow names the folder of one that has not."""
    for folder in _folders():
        usage = shutil.disk_usage(_existing(folder))
        needed = max(settings.DISK_FREE_SHARE * usage.total, settings.DISK_FREE_BYTES)
        if usage.free < needed:
            raise DiskLow(f"{folder} has {usage.free} bytes left, less than {needed:.0f}")


def _folders() -> Iterator[Path]:
    """Where objects and the embedded database are; S3 and a database server watch their own disks."""
    chunks = storages["chunks"]
    if isinstance(chunks, FileSystemStorage):
        yield Path(chunks.location)
    if connection.vendor == "sqlite":
        yield Path(str(connection.settings_dict["NAME"])).absolute().parent


def _existing(folder: Path) -> Path:
    """The folder, or the one above that it will be made in."""
    return next(one for one in (folder, *folder.parents) if one.exists())
