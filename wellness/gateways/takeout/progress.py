"""How far a copy is, kept sealed beside it: a run that is cut short loses what came after that."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from wellness.gateways.models import Takeout
from wellness.gateways.takeout.pieces import SealedPieces
from wellness.lib.clock import from_us, to_us
from wellness.studies import keys
from wellness.work.claims import LeaseLost


@dataclass
class Progress:
    """Which parts are done, what the manifest says of their files, and what the archive has as members.

    Of the stream that is under way: from which day on (microseconds), how many rows and files there are.
    """

    done: list[str] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: list[list[Any]] = field(default_factory=list)
    next_us: int | None = None
    n_rows: int = 0
    n_files: int = 0

    @property
    def next_at(self) -> datetime | None:
        """The day on which the stream that is under way goes on."""
        return None if self.next_us is None else from_us(self.next_us)

    def wrote(self, n_rows: int, next_at: datetime | None) -> None:
        """Take in one more file of a stream, and where the next one begins, if there is to be one."""
        self.n_rows, self.n_files = self.n_rows + n_rows, self.n_files + 1
        self.next_us = None if next_at is None else to_us(next_at)

    def next_stream(self) -> None:
        """The next stream begins with nothing."""
        self.next_us, self.n_rows, self.n_files = None, 0, 0


def begun(takeout: Takeout) -> Progress:
    """What was kept last; nothing for one that nobody began."""
    if takeout.sealed_progress is None:
        return Progress()
    return Progress(**keys.unseal_json(takeout.enrollment, _context(takeout), bytes(takeout.sealed_progress)))


def keep(takeout: Takeout, fence: int, file: SealedPieces, progress: Progress) -> None:
    """Have the next run go on from here; LeaseLost when another run has taken over, or the person left."""
    file.finish()
    takeout.runs, takeout.n_bytes = file.runs(), file.tell()
    takeout.sealed_progress = keys.seal_json(takeout.enrollment, _context(takeout), asdict(progress))
    mine = Takeout.objects.filter(pk=takeout.pk, fence=fence, state=Takeout.State.ASKED)
    if not mine.update(runs=takeout.runs, n_bytes=takeout.n_bytes, sealed_progress=takeout.sealed_progress):
        raise LeaseLost(f"takeout {takeout.pk}")


def _context(takeout: Takeout) -> str:
    return f"takeout|{takeout.public_id}|progress"
