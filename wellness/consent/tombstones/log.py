"""The file of tombstones: a signed line a withdrawal or pause, bound to the one before, on disk at once.

A line is `{"seq", "prev", "kind", ..., "seal"}`: `prev` is the seal of the line before, and `seal` is made
with a key of SIGNING_KEY over all the rest, so a forged, changed, moved or removed line is noticed. It holds
pseudonymous ids and no data. A line that a crash cut short has no end, and no transaction relied on it.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from wellness.lib.canonical import canonical
from wellness.lib.sealing import subkey

NAME = "withdrawals.jsonl"
NOTHING = ""
BLOCK = 2**16


class LogBroken(Exception):
    """The log was cut, changed or forged, or is another database's: who must stay withdrawn is unknown."""


@dataclass(frozen=True)
class Line:
    """One line that verified."""

    seq: int
    seal: str
    kind: str
    fields: Mapping[str, Any]


class Log:
    """The log, held by this process alone until the block ends."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def after(self, seq: int, seal: str) -> list[Line]:
        """Every line after the one with that number; LogBroken when that one is not there as it was."""
        lines = _verified(_tail(self._file, seq))
        if seq and (not lines or (lines[0].seq, lines[0].seal) != (seq, seal)):
            raise LogBroken(f"tombstone #{seq} is not in {path()} as it was written")
        return lines[1:] if seq else lines

    def append(self, kind: str, **fields: Any) -> Line:
        """A new last line, on disk when this returns."""
        last = self._last()
        unsealed = {"seq": last.seq + 1, "prev": last.seal, "kind": kind, **fields}
        seal = _seal(unsealed)
        self._file.seek(0, os.SEEK_END)
        self._file.write(canonical(unsealed | {"seal": seal}) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        return Line(last.seq + 1, seal, kind, fields)

    def _last(self) -> Line:
        """The last whole line; what a crash left behind it is cut off."""
        tail = _tail(self._file, None)
        self._file.seek(0, os.SEEK_END)
        size = self._file.tell()
        whole = _end_of_lines(self._file, size)
        if whole < size:
            self._file.truncate(whole)
        lines = _verified(tail[-1:], first=False)
        return lines[-1] if lines else Line(0, NOTHING, "", {})


def path() -> Path:
    """Where the log is."""
    return Path(settings.TOMBSTONE_DIR) / NAME


@contextmanager
def held() -> Iterator[Log]:
    """The log, for one writer or reader at a time on this machine."""
    folder = path().parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = not path().exists()
    with os.fdopen(os.open(path(), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if fresh:
            _sync(folder)
        yield Log(file)


def everything() -> list[Line]:
    """The whole log from its first line on; LogBroken where it is not what was written."""
    with held() as log:
        return log.after(0, NOTHING)


def _tail(file: BinaryIO, seq: int | None) -> list[bytes]:
    """Whole lines from the one with that number on, or from its place on; of the end alone for None."""
    file.seek(0, os.SEEK_END)
    end = _end_of_lines(file, file.tell())
    size = BLOCK
    while True:
        start = max(0, end - size)
        file.seek(start)
        lines = file.read(end - start).splitlines()
        if start:
            lines = lines[1:]  # its beginning is missing
        if start == 0 or (lines and (seq is None or (_number(lines[0]) or 0) < seq)):
            return [one for one in lines if seq is None or (_number(one) or seq) >= seq]
        size *= 4


def _end_of_lines(file: BinaryIO, size: int) -> int:
    """Where the last whole line ends."""
    start = max(0, size - BLOCK)
    file.seek(start)
    cut = file.read(size - start).rfind(b"\n")
    return start + cut + 1 if cut >= 0 else 0


def _verified(raw: list[bytes], *, first: bool = True) -> list[Line]:
    lines: list[Line] = []
    for one in raw:
        try:
            fields = json.loads(one)
            seal = fields.pop("seal")
            seq, prev, kind = fields["seq"], fields["prev"], fields["kind"]
        except (ValueError, KeyError, AttributeError, TypeError):
            raise LogBroken(f"a line of {path()} is not a tombstone") from None
        begins = not lines and first and seq == 1 and prev == NOTHING
        follows = not lines or (lines[-1].seq + 1, lines[-1].seal) == (seq, prev)
        if not hmac.compare_digest(str(seal), _seal(fields)) or not (begins or follows):
            raise LogBroken(f"tombstone #{seq} in {path()} is not as it was written")
        lines.append(Line(seq, seal, kind, fields))
    return lines


def _number(line: bytes) -> int | None:
    try:
        return int(json.loads(line)["seq"])
    except (ValueError, KeyError, TypeError):
        return None


def _seal(fields: Mapping[str, Any]) -> str:
    key = subkey(settings.SIGNING_KEY.encode(), "tombstone")
    return hmac.digest(key, canonical(dict(fields)), "sha256").hex()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
