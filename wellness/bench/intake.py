"""Intake: uploads over HTTP to a server with one worker process, and reading back what they left."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from time import perf_counter

import pyarrow as pa
from django.conf import settings
from django.db import connection
from django.db.models import Sum

from phenotyping.intake.models import Chunk
from phenotyping.intake.reading import read
from wellness.bench import alternatives, people, samples
from wellness.bench.found import Figures, Found, Sizes
from wellness.bench.people import Phone
from wellness.bench.phone import UploadRefused, all_of, as_fast_as_possible, put, steadily
from wellness.bench.processor import Worker
from wellness.demo.server import served
from wellness.lib.clock import utc_now

STREAM = "accelerometer"
OTHER_FORMATS: dict[str, tuple[str, Callable[[pa.Table], bytes]]] = {
    "json": ("application/json", samples.as_json),
    "arrow": ("application/vnd.apache.arrow.stream", samples.as_arrow),
}
N_PHONES, SERVER_THREADS, SENDERS, STEADY_SENDERS = 20, 4, 4, 16
ROUNDS, OTHERWISE = 8, 5  # of CSV uploads, and how often in each the same rows are taken in otherwise
INSERTS, READS = 2, 15
KEEP_S = 75  # longer than anything else takes between two uploads of one sender
NO_POSTGRESQL = "no PostgreSQL answers; name one with --database"
NO_CPU = "this system does not tell, or it was too short to tell"


@dataclass(frozen=True)
class Server:
    """A web server with one worker process."""

    address: str
    worker: Worker

    def cpu_s(self) -> float:
        """Processor time of the worker until now; nan where the system does not tell."""
        return self.worker.cpu_s() or float("nan")


def measure(sizes: Sizes) -> Found:
    """The figures of intake, from a server and a database that nothing else uses."""
    start = utc_now() - timedelta(days=2)
    phones = people.found(N_PHONES, since=start - timedelta(days=1))
    alternatives.prepare(sizes.n_primed)
    tables = samples.accelerometer(sizes.n_rows, sizes.n_uploads, start=start)
    pid_file = settings.VAR_DIR / "server.pid"
    options = ["--pid", str(pid_file), "--keep-alive", str(KEEP_S)]
    with served(*options, workers=1, threads=SERVER_THREADS) as address:
        server = Server(address, Worker(pid_file))
        figures = _csv(server, phones, tables)
        alternatives.discard()
        figures |= _stored(phones[0], tables)
        for at, (name, (media, body_of)) in enumerate(OTHER_FORMATS.items(), 1 + ROUNDS):
            bodies = [body_of(table) for table in tables]
            figures[f"{name}_rows_per_s"] = _rows_per_s(server, phones[at], bodies, media, sizes.n_rows)
        figures |= _small(server, phones, samples.mixed(start), sizes.small_s)
    notes = {name: NO_CPU if "cpu" in name else NO_POSTGRESQL for name in figures if figures[name] is None}
    return Found(figures, notes)


def _csv(server: Server, phones: Sequence[Phone], tables: Sequence[pa.Table]) -> Figures:
    """Uploads of CSV by several senders, in turn with the same rows taken in otherwise."""
    n_rows, bodies = tables[0].num_rows, [samples.as_csv(table) for table in tables]
    alone = [put(server.address, phones[0], body, "text/csv", STREAM) for body in bodies]
    sent, copied, bare, cpu_s = [], [], [], 0.0
    has_copy = connection.vendor == "postgresql"
    for phone in phones[1 : 1 + ROUNDS]:
        before = server.cpu_s()
        sendings = [(phone, body) for body in bodies]
        took = all_of(server.address, sendings, "text/csv", STREAM, n_threads=SENDERS)
        sent.append(took / len(bodies))
        cpu_s += server.cpu_s() - before
        bare += [alternatives.bare(body) for body in bodies[:OTHERWISE]]
        copied += [alternatives.copy(body) for body in bodies[:OTHERWISE] if has_copy]
    inserted = [alternatives.insert(table) for table in tables[:INSERTS]]
    per_cpu_s = n_rows * len(bodies) * len(sent) / cpu_s if cpu_s > 0 else None
    ours, copies = n_rows / median(sent), n_rows / median(copied) if copied else None
    return {
        "csv_rows_per_s": ours,
        "csv_mb_per_s": ours * len(bodies[0]) / n_rows / 1e6,
        "csv_rows_per_cpu_s": per_cpu_s,
        "csv_alone_rows_per_s": n_rows / median(alone),
        "copy_rows_per_s": copies,
        "csv_vs_copy": ours / copies if copies else None,
        "csv_cpu_vs_copy": per_cpu_s / copies if copies and per_cpu_s else None,
        "csv_alone_vs_copy": n_rows / median(alone) / copies if copies else None,
        "bulk_create_rows_per_s": n_rows / median(inserted),
        "ceiling_rows_per_s": n_rows / median(bare),
        "ceiling_share": ours * median(bare) / n_rows,
    }


def _stored(phone: Phone, tables: Sequence[pa.Table]) -> Figures:
    """Bytes that a row takes, and how fast all of them are read back."""
    chunks = Chunk.objects.live().filter(enrollment=phone.enrollment, stream=STREAM)
    kept = chunks.aggregate(n_bytes=Sum("n_bytes"), n_rows=Sum("n_rows"))
    since, until = phone.enrollment.created_at - timedelta(days=9), utc_now()
    took = []
    for _ in range(READS):
        began = perf_counter()
        columns = read(phone.enrollment, [STREAM], since, until)[STREAM]
        took.append(perf_counter() - began)
    n_read = columns["time"].size
    if n_read != sum(table.num_rows for table in tables):
        raise UploadRefused(f"{n_read} rows came back")
    return {"bytes_per_row": kept["n_bytes"] / kept["n_rows"], "read_rows_per_s": n_read / median(took)}


def _rows_per_s(server: Server, phone: Phone, bodies: Sequence[bytes], media: str, n_rows: int) -> float:
    stream = STREAM if media != "application/json" else ""
    sendings = [(phone, body) for body in bodies]
    return n_rows * len(bodies) / all_of(server.address, sendings, media, stream, n_threads=SENDERS)


def _small(server: Server, phones: Sequence[Phone], body: bytes, for_s: float) -> Figures:
    """Uploads of a few rows of five streams: as many as it takes, then at half that rate."""
    gc.collect()
    gc.freeze()  # else the senders stop all at once, and uploads wait that the server would have taken
    as_fast_as_possible(server.address, phones, body, n_threads=SENDERS, for_s=for_s / 6)
    before = server.cpu_s()
    per_s = as_fast_as_possible(server.address, phones, body, n_threads=SENDERS, for_s=for_s)
    cpu_s = server.cpu_s() - before
    took = steadily(server.address, phones, body, per_s=per_s / 2, n_threads=STEADY_SENDERS, for_s=for_s)
    return {
        "small_uploads_per_s": per_s,
        "small_uploads_per_cpu_s": per_s * for_s / cpu_s if cpu_s > 0 else None,
        "small_p50_ms": median(took) * 1e3,
        "small_p99_ms": took[min(len(took) - 1, int(len(took) * 0.99))] * 1e3,
    }
