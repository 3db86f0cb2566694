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
    """A file that can only be written: each full piece is sealed under the person's key and stored.

    It goes on after what earlier runs wrote and kept.
    """

    def __init__(self, takeout: Takeout, fence: int) -> None:
        super().__init__()
        self._takeout, self._fence, self._waiting = takeout, fence, bytearray()
        self._earlier = [run for run in takeout.runs if run[0] != fence]
        self._n_before = self._n_pieces = sum(n for _, n in self._earlier)
        self._n_stored = takeout.n_bytes

    def writable(self) -> bool:
        """Always: it is what this file is for."""
        return True

    def tell(self) -> int:
        """How many bytes were written, by earlier runs too."""
        return self._n_stored + len(self._waiting)

    def runs(self) -> list[list[int]]:
        """The pieces that are stored, by run."""
        return [*self._earlier, [self._fence, self._n_pieces - self._n_before]]

    def write(self, data: Any) -> int:
        """How many bytes were taken: all of them."""
        view = memoryview(data).cast("B")
        self._waiting += view
        while len(self._waiting) >= PIECE_BYTES:
            self._store(PIECE_BYTES)
        return len(view)

    def finish(self) -> None:
        """Store what is waiting."""
        if self._waiting:
            self._store(len(self._waiting))

    def _store(self, n_bytes: int) -> None:
        plain = bytes(self._waiting[:n_bytes])
        del self._waiting[:n_bytes]
        sealed = keys.seal(self._takeout.enrollment, _context(self._takeout, self._n_pieces), plain)
        name = f"{_folder_of(self._takeout)}/{_name(self._fence, self._n_pieces)}"
        storages["default"].save(name, ContentFile(sealed))
        self._n_pieces, self._n_stored = self._n_pieces + 1, self._n_stored + n_bytes


def read(takeout: Takeout) -> Iterator[bytes]:
    """The bytes of a copy, piece by piece; SealBroken or FileNotFoundError when one is not as written."""
    for number, name in enumerate(_kept(takeout)):
        with storages["default"].open(f"{_folder_of(takeout)}/{name}") as file:
            sealed = file.read()
        yield keys.unseal(takeout.enrollment, _context(takeout, number), sealed)


def tidy(takeout: Takeout, *, run: int | None = None) -> None:
    """Delete pieces that no run has kept, or only those of one run; all when the person left meanwhile."""
    takeout.refresh_from_db(fields=["runs", "state"])
    if takeout.state == Takeout.State.GONE or keys.is_shredded(takeout.enrollment):
        remove(takeout)
        return
    kept = set(_kept(takeout))
    for name in _listed(_folder_of(takeout))[1]:
        if name not in kept and (run is None or name.startswith(f"{run}-")):
            storages["default"].delete(f"{_folder_of(takeout)}/{name}")


def remove(takeout: Takeout) -> int:
    """How many pieces were deleted, those of runs that were cut short too."""
    return _empty(_folder_of(takeout))


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


def _folder_of(takeout: Takeout) -> str:
    return _folder(takeout.enrollment, str(takeout.public_id))


def _kept(takeout: Takeout) -> list[str]:
    """The names of the pieces of a copy, in order: they are numbered through all runs."""
    fences = [fence for fence, n_pieces in takeout.runs for _ in range(n_pieces)]
    return [_name(fence, number) for number, fence in enumerate(fences)]


def _name(fence: int, number: int) -> str:
    return f"{fence}-{number:06}"


def _context(takeout: Takeout, number: int) -> str:
    return f"takeout|{takeout.public_id}|{number}"
