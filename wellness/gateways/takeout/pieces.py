"""A copy as sealed pieces in storage: written and read as a stream, never whole, never in clear on a disk."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from wellness.gateways.models import Takeout
from wellness.studies import keys
from wellness.studies.models import Enrollment

PIECE_BYTES = 4 * 2**20
FOLDER = "takeouts"


class SealedPieces(io.RawIOBase):
    """A file that can only be written: each full piece is sealed under the person's key and stored."""

    def __init__(self, takeout: Takeout, fence: int) -> None:
        super().__init__()
        self._takeout, self._fence, self._waiting = takeout, fence, bytearray()
        self.n_pieces = self.n_bytes = 0

    def writable(self) -> bool:
        """Always: it is what this file is for."""
        return True

    def write(self, data: Any) -> int:
        """How many bytes were taken: all of them."""
        view = memoryview(data).cast("B")
        self._waiting += view
        while len(self._waiting) >= PIECE_BYTES:
            self._store(PIECE_BYTES)
        return len(view)

    def finish(self) -> None:
        """Store what is waiting; nothing is written after this."""
        if self._waiting:
            self._store(len(self._waiting))

    def _store(self, n_bytes: int) -> None:
        plain = bytes(self._waiting[:n_bytes])
        del self._waiting[:n_bytes]
        sealed = keys.seal(self._takeout.enrollment, _context(self._takeout, self.n_pieces), plain)
        storages["default"].save(_name(self._takeout, self._fence, self.n_pieces), ContentFile(sealed))
        self.n_pieces, self.n_bytes = self.n_pieces + 1, self.n_bytes + n_bytes


def read(takeout: Takeout) -> Iterator[bytes]:
    """The bytes of a copy, piece by piece; SealBroken or FileNotFoundError when one is not as written."""
    for number in range(takeout.n_pieces):
        with storages["default"].open(_name(takeout, takeout.made_by, number)) as file:
            sealed = file.read()
        yield keys.unseal(takeout.enrollment, _context(takeout, number), sealed)


def remove(takeout: Takeout) -> int:
    """How many pieces were deleted, those of runs that were cut short too."""
    return _empty(_folder(takeout.enrollment, str(takeout.public_id)))


def remove_all(enrollment: Enrollment) -> int:
    """How many pieces of all copies of a person were deleted."""
    return sum(_empty(_folder(enrollment, name)) for name in _listed(_folder(enrollment))[0])


def _empty(folder: str) -> int:
    names = _listed(folder)[1]
    for name in names:
        storages["default"].delete(f"{folder}/{name}")
    return len(names)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = storages["default"].listdir(folder)
    except FileNotFoundError:  # nothing was ever written there
        return [], []
    return folders, files


def _folder(enrollment: Enrollment, *below: str) -> str:
    return "/".join((FOLDER, str(enrollment.public_id), *below))


def _name(takeout: Takeout, fence: int, number: int) -> str:
    return f"{_folder(takeout.enrollment, str(takeout.public_id))}/{fence}-{number:06}"


def _context(takeout: Takeout, number: int) -> str:
    return f"takeout|{takeout.public_id}|{number}"
