"""Objects as local files: whole or absent, and still there after a power cut."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

PART = ".part"  # of a file that is being written; one that a crash left is collected as an orphan
KNOWN_FOLDERS = 10_000


class DurableFileStorage(FileSystemStorage):
    """Files in a local folder that only their owner reads. A name is used once, else FileExistsError."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept: set[Path] = set()  # folders whose own names were synced

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name as it is: the server made it, and makes it once."""
        return name

    def _save(self, name: str, content: File[bytes]) -> str:
        """Written beside its place, synced, and linked into it; an error leaves no file behind."""
        path = Path(self.path(name))
        part = path.with_name(path.name + PART)
        self._keep(path.parent)
        try:
            _write(part, content.read())
            os.link(part, path)
        finally:
            part.unlink(missing_ok=True)
        try:
            _sync(path.parent)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return name

    def _keep(self, folder: Path) -> None:
        """Make the folder and sync all names on the way to it: another process may just have made it."""
        if folder in self._kept and folder.is_dir():
            return
        inside = [one for one in (folder, *folder.parents) if one.is_relative_to(self.location)]
        for one in reversed(inside):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in inside:
            _sync(one.parent)
        if len(self._kept) >= KNOWN_FOLDERS:
            self._kept.clear()
        self._kept.add(folder)


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """What the folder names is on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
