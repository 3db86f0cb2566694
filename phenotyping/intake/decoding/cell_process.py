"""What runs in the cell: reads bodies from its input one after the other, and answers with plain tables."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from phenotyping.intake.decoding import arrow_body, cell, parquet_body
from phenotyping.intake.decoding.formats import ARROW_STREAM, PARQUET
from phenotyping.intake.faults import fault
from wellness.lib.refusal import Refusal

CPU_S = 5
MEMORY = 64 * 2**20  # and five times the body: itself, its columns, those made of them, and the answer
MAX_TEXT = 64 * 2**20
STATM = Path("/proc/self/statm")
_READERS = {ARROW_STREAM: arrow_body.decode, PARQUET: parquet_body.decode}


def main() -> None:
    """Answer until the input ends, as it does with the server."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while lengths := source.read(cell.LENGTHS.size):
        n_about, n_raw = cell.LENGTHS.unpack(lengths)
        about = json.loads(source.read(n_about))
        raw = source.read(n_raw)
        _bound(n_raw)
        said, payload = _answer(raw, **about)
        _unbound()
        sink.write(cell.LENGTHS.pack(len(said), len(payload)) + said)
        sink.write(payload)
        sink.flush()
        del raw, payload  # the next body may be an hour away


def _answer(raw: bytes, media: str, stream: str, max_rows: int) -> tuple[bytes, Any]:
    """What to say about a body that is refused, or its table as an Arrow stream."""
    try:
        table = _READERS[media](raw, stream, max_rows, MAX_TEXT)
        sink = pa.BufferOutputStream()
        with ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return b"", sink.getvalue()
    except Refusal as refusal:
        return _said(refusal), b""
    except MemoryError:  # Arrow's own is one, too
        return _said(fault("too_large", "The body takes too much memory to read.", status=413)), b""
    except Exception:  # readers of broken bodies raise what they like
        return _said(cell.bad(media)), b""


def _said(refusal: Refusal) -> bytes:
    names = ("code", "message", "status", "field", "extra")
    return json.dumps({name: getattr(refusal, name) for name in names}).encode()


def _bound(n_raw: int) -> None:
    """Bound the memory and the time of what follows."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + CPU_S + 1)
    if STATM.exists():
        n_pages = int(STATM.read_text().split()[5])
        _limit(resource.RLIMIT_DATA, n_pages * resource.getpagesize() + MEMORY + 5 * n_raw)


def _unbound() -> None:
    _limit(resource.RLIMIT_DATA, resource.RLIM_INFINITY)


def _limit(what: int, soft: int) -> None:
    resource.setrlimit(what, (soft, resource.getrlimit(what)[1]))


if __name__ == "__main__":
    main()
