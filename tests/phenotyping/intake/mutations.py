"""Bodies of uploads as they are damaged on their way, by mistake or on purpose."""

import gzip
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow as pa
import zstandard
from pyarrow import ipc, parquet

from phenotyping.intake.decoding.formats import ARROW_STREAM, CSV, JSON, NDJSON, PARQUET
from tests.phenotyping.intake.conftest import NOON_MS

N_ROWS = 40


@dataclass(frozen=True)
class Body:
    """A request: its body as sent, how it is called, and what its headers claim."""

    media: str
    query: str
    encoding: str
    sent: bytes
    claims: tuple[tuple[str, str], ...] = ()


def _columns() -> dict[str, list[object]]:
    words = ("charging", "full", "unknown", "discharging")
    return {
        "time": [NOON_MS + 1_000 * i + 0.25 for i in range(N_ROWS)],
        "level": [None if i == 7 else i * 1.5 for i in range(N_ROWS)],
        "status": [words[i % 4] for i in range(N_ROWS)],
    }


def _raw() -> list[tuple[str, str, bytes]]:
    columns = _columns()
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    table, one = pa.table(columns), "?stream=battery"
    coded = table.set_column(2, "status", table["status"].dictionary_encode())
    cells = (",".join("" if v is None else str(v) for v in row.values()) for row in rows)
    bodies = [
        (JSON, "", json.dumps({"streams": {"battery": columns}}).encode()),
        (JSON, "", json.dumps({"sent_at": NOON_MS, "streams": {"battery": rows}}).encode()),
        (NDJSON, one, "\n".join(map(json.dumps, rows)).encode()),
        (NDJSON, "", "\n".join(json.dumps({"stream": "battery"} | row) for row in rows).encode()),
        (CSV, one, "\n".join([",".join(columns), *cells]).encode()),
    ]
    for each in (table, coded):
        for compression in (None, "lz4", "zstd"):
            stream = io.BytesIO()
            options = ipc.IpcWriteOptions(compression=compression)
            with ipc.new_stream(stream, each.schema, options=options) as writer:
                writer.write_table(each, max_chunksize=15)
            bodies.append((ARROW_STREAM, one, stream.getvalue()))
        for compression in ("none", "snappy", "zstd"):
            file = io.BytesIO()
            parquet.write_table(each, file, compression=compression, row_group_size=25)
            bodies.append((PARQUET, one, file.getvalue()))
    return bodies


PACK: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}
SOUND = [(media, query, encoding, raw) for media, query, raw in _raw() for encoding in ("", "gzip", "zstd")]


def _flip(body: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 8))):
        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)


def _overwrite(body: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(body))
    body[at : at + 4] = rng.choice((b"\0" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", rng.randbytes(4)))


def _truncate(body: bytearray, rng: random.Random) -> None:
    del body[rng.randrange(1, len(body)) :]


def _cut_out(body: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(body))
    del body[at : at + rng.randrange(1, 64)]


def _repeat(body: bytearray, rng: random.Random) -> None:
    start = rng.choice((0, rng.randrange(len(body))))
    body += body[start:]


def _insert(body: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(body) + 1)
    body[at:at] = rng.choice(INSERTED)


def _instead_of_a_number(body: bytearray, rng: random.Random) -> None:
    places = [i for i in range(len(body)) if body[i] in b"123456789"]
    if places:
        at = rng.choice(places)
        body[at : at + 1] = rng.choice(INSERTED)


INSERTED = (
    b"\0", b"\\u0000", b"\\ud800", b"\xed\xa0\x80", b"\xff", b"NaN", b"Infinity", b"-1e999", b"true", b"null",
    b'"', b'"1"', b"9" * 5_000, b"[" * 100_000, b'{"a":' * 100_000, b"{}", b"[]", b",", b"\n", b"\r", b":",
    b'"time":1,', b'"streams":{},', b'"stream":"screen",', b'"level":1,"level":2,', b"\x1f", b"\xef\xbb\xbf",
)  # fmt: skip
DAMAGE = (_flip, _overwrite, _truncate, _cut_out, _repeat, _insert, _instead_of_a_number)


def _mislabel(body: Body, rng: random.Random) -> Body:
    """The same bytes, called something else."""
    return rng.choice(
        (
            replace(body, media=rng.choice((JSON, NDJSON, CSV, ARROW_STREAM, PARQUET))),
            replace(body, encoding=rng.choice(("", "gzip", "zstd", "br"))),
            replace(body, query=rng.choice(("", "?stream=screen", "?stream=%00", "?stream=gyroscope"))),
            replace(body, claims=(("X-Raw-Length", str(rng.randrange(100_000))),)),
            replace(body, claims=(("Content-Digest", "sha-256=:" + "A" * 43 + "=:"),)),
            replace(body, claims=(("X-Raw-Length", rng.choice(("", "-1", "é", "1e3", "9" * 99))),)),
        )
    )


def bombs() -> list[Body]:
    """Small bodies that stand for a gibibyte, or claim to."""
    thin, zeros = zstandard.ZstdCompressor().compressobj(), bytes(2**20)
    packed = b"".join(thin.compress(zeros) for _ in range(1_024)) + thin.flush()
    bodies = [Body(media, "?stream=battery", "zstd", packed) for media in (JSON, NDJSON, CSV, ARROW_STREAM)]
    bodies.append(Body(JSON, "", "gzip", gzip.compress(bytes(64 * 2**20), 9)))
    keys = ",".join(f'"k{i}":0' for i in range(400_000))
    for streams in ("%s", '{"battery":%s}', '{"battery":[%s]}'):
        body = b'{"streams":' + (streams % f"{{{keys}}}").encode() + b"}"
        bodies.append(Body(JSON, "", "zstd", zstandard.compress(body)))
    bodies.append(Body(JSON, "", "zstd", zstandard.compress(f"{{{keys}}}".encode())))
    bodies.append(Body(NDJSON, "?stream=battery", "zstd", zstandard.compress(f"{{{keys}}}".encode())))
    spaces = bytes(random.Random(1).choices(b" \t", k=400_000))  # do not compress: 200 times itself is enough
    nulls = spaces + b"null," * 1_600_000 + b"null"
    bodies.append(Body(JSON, "", "zstd", zstandard.compress(b'{"streams":{"battery":[%b]}}' % nulls)))
    bodies.append(Body(NDJSON, "?stream=battery", "zstd", zstandard.compress(b"{},%b,{}\n" % nulls)))
    word = pa.array(["a" * 2**20])
    few = pa.table({"time": [float(NOON_MS)] * 128, "app": word.take([0] * 128), "duration_s": [1.0] * 128})
    coded = pa.DictionaryArray.from_arrays(pa.array([0] * 1_024, pa.int32()), word)
    many = pa.table({"time": [float(NOON_MS)] * 1_024, "app": coded, "duration_s": [1.0] * 1_024})
    for table, dictionary in ((few, False), (many, True)):
        file = io.BytesIO()
        parquet.write_table(table, file, compression="zstd", use_dictionary=dictionary)
        bodies.append(Body(PARQUET, "?stream=app_usage", "", file.getvalue()))
        stream = io.BytesIO()
        with ipc.new_stream(stream, table.schema, options=ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(table)
        bodies.append(Body(ARROW_STREAM, "?stream=app_usage", "", stream.getvalue()))
    return bodies


def mutated(seed: int) -> Body:
    """The body of that number: the same ever after."""
    rng = random.Random(seed)
    media, query, encoding, raw = rng.choice(SOUND)
    outside = encoding and rng.random() < 0.3
    damaged = bytearray(PACK[encoding](raw) if outside else raw)
    for _ in range(rng.choice((1, 1, 1, 3))):
        if damaged:
            rng.choice(DAMAGE)(damaged, rng)
    body = Body(media, query, encoding, bytes(damaged) if outside else PACK[encoding](bytes(damaged)))
    return _mislabel(body, rng) if rng.random() < 0.15 else body
