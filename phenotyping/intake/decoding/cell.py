"""A process of its own for formats whose readers trust lengths: Arrow and Parquet.

A few bytes of them can ask for gigabytes, for hours, or crash the reader. The process that reads them has
bounded memory and time, no secrets and no database; when it dies the server goes on, and starts another.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
from pyarrow import ipc

from phenotyping.intake.decoding.formats import ARROW_STREAM, PARQUET
from phenotyping.intake.faults import fault
from wellness.lib.refusal import Refusal

ROOT = Path(__file__).parents[3]
LENGTHS = struct.Struct(">QQ")  # of what is said about a body (JSON), and of the body
PATIENCE_S = 30.0
TURN_S = 2.0  # to wait for the body before: one may take ten seconds, and who waits keeps a thread
DYING_S = 0.2
# Ends that a body can bring about. SIGKILL is none of them: a machine short of memory sends it, or a person.
CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGXCPU}
BAD = {ARROW_STREAM: "bad_arrow", PARQUET: "bad_parquet"}
_ENVIRON = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"}


def decode_arrow(raw: bytes, stream: str, max_rows: int) -> pa.Table:
    """The table of an Arrow IPC stream, in the types of the wire."""
    return _cell.decode(raw, ARROW_STREAM, stream, max_rows)


def decode_parquet(raw: bytes, stream: str, max_rows: int) -> pa.Table:
    """The table of a Parquet file, in the types of the wire."""
    return _cell.decode(raw, PARQUET, stream, max_rows)


def bad(media: str) -> Refusal:
    """The refusal of a body that its reader cannot make sense of."""
    return fault(BAD[media], "The body is broken.", status=400)


class _Died(Exception):
    """The process ended while it was asked; it may have been the body."""

    def __init__(self, returncode: int | None) -> None:
        super().__init__()
        self.crashed = returncode is not None and -returncode in CRASHES


class _Cell:
    """At most one process, started when it is first needed; one body at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, raw: bytes, media: str, stream: str, max_rows: int) -> pa.Table:
        """The table; Refusal when the body is bad, or crashes the process when asked again."""
        about = json.dumps({"media": media, "stream": stream, "max_rows": max_rows}).encode()
        if not self._lock.acquire(timeout=TURN_S):
            raise _unavailable()
        try:
            said, payload = self._asked_twice(about, raw, media)
        finally:
            self._lock.release()
        if said:
            raise _refusal(said)
        return ipc.open_stream(pa.py_buffer(payload)).read_all()

    def _asked_twice(self, about: bytes, raw: bytes, media: str) -> tuple[bytes, bytes]:
        """The answer; whoever ended the process the first time need not have been this body."""
        for _ in range(2):
            try:
                return self._ask(about, raw)
            except _Died as death:
                crashed = death.crashed
        raise bad(media) if crashed else _unavailable()

    def _ask(self, about: bytes, raw: bytes) -> tuple[bytes, bytes]:
        process = self._running()
        assert process.stdin and process.stdout  # nosec B101 # noqa: S101  both are pipes
        try:
            process.stdin.write(LENGTHS.pack(len(about), len(raw)) + about)
            process.stdin.write(raw)
            process.stdin.flush()
            if not select.select([process.stdout], [], [], PATIENCE_S)[0]:
                self.end()
                raise _unavailable()
            lengths = process.stdout.read(LENGTHS.size)
            n_said, n_payload = LENGTHS.unpack(lengths)
            said, payload = process.stdout.read(n_said), process.stdout.read(n_payload)
        except (OSError, struct.error):
            raise _Died(self.end()) from None
        except BaseException:  # what is left in the pipes would be the answer to the next body
            self.end()
            raise
        if len(said) + len(payload) != n_said + n_payload:
            raise _Died(self.end())
        return said, payload

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            try:
                self._process = _started()
            except OSError:  # no memory, or no process left
                raise _unavailable() from None
        return self._process

    def end(self) -> int | None:
        """Stop the process; how it had ended before, None when it had not."""
        process, self._process = self._process, None
        if process is None:
            return None
        with suppress(subprocess.TimeoutExpired):  # one that closed its pipes is about to end
            process.wait(DYING_S)
        ended = process.poll()
        process.kill()
        with suppress(OSError):
            process.communicate()
        return ended

    def forget(self) -> None:
        """After a fork: the process is the parent's."""
        self._lock, self._process = threading.Lock(), None


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # nosec B603 # this very program
        [sys.executable, "-m", "phenotyping.intake.decoding.cell_process"],
        cwd=ROOT,
        env=_ENVIRON,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # readers quote values in their complaints
        pipesize=2**20,
    )


def _unavailable() -> Refusal:
    return fault("unavailable", "The server is busy; try again.", status=503, retry=True)


def _refusal(said: bytes) -> Refusal:
    told = json.loads(said)
    refusal = Refusal(told["code"], told["message"], status=told["status"], field=told["field"])
    refusal.extra = told["extra"]
    return refusal


_cell = _Cell()
atexit.register(_cell.end)
os.register_at_fork(after_in_child=_cell.forget)
