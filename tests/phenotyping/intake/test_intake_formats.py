"""NDJSON, Arrow streams and Parquet: the same rows as JSON, held to the same rules, and bounded."""

import base64
import gzip
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import Mock

import pyarrow as pa
import pytest
import zstandard
from pyarrow import ipc, parquet

from phenotyping.intake.decoding import cell
from phenotyping.intake.decoding.formats import ARROW_STREAM, NDJSON, PARQUET
from phenotyping.intake.models import Chunk, Upload
from phenotyping.intake.reading import read
from tests.phenotyping.intake.conftest import CSV, NOON, NOON_MS, Phone, screen
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment

DAY = timedelta(days=1)
Answer = tuple[int, dict[str, Any]]
TIMES = [NOON_MS + 0.25, NOON_MS + 1_000.0, NOON_MS + 2_000.0]
BATTERY = {"time": TIMES, "level": [81.0, 80.5, None], "status": ["charging", "full", None]}
MICROSECONDS = [round(ms * 1_000) for ms in TIMES]


def arrow(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    with ipc.new_stream(sink, table.schema, options=ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue()


def file(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink, **options)
    return sink.getvalue()


def lines(columns: dict[str, Any], **more: Any) -> bytes:
    rows = zip(*columns.values(), strict=True)
    return "\n".join(json.dumps(more | dict(zip(columns, row, strict=True))) for row in rows).encode()


def refused(answer: Answer) -> tuple[int, str]:
    """Status and code, once it is sure that nothing of the upload is there."""
    assert (Upload.objects.count(), Chunk.objects.count()) == (0, 0)
    return answer[0], answer[1]["errors"][0]["code"]


def typed(time: pa.Array | None = None, **columns: Any) -> pa.Table:
    return pa.table(BATTERY | ({} if time is None else {"time": time}) | columns)


WORDS = pa.array(BATTERY["status"], pa.large_string())
UTC_US = pa.array(MICROSECONDS, pa.timestamp("us", "UTC"))
SAME: list[tuple[str, bytes]] = [
    (ARROW_STREAM, arrow(typed())),
    (ARROW_STREAM, arrow(typed(status=WORDS), compression="zstd")),
    (ARROW_STREAM, arrow(typed(UTC_US, status=WORDS.dictionary_encode()), compression="lz4")),
    (ARROW_STREAM, arrow(typed(UTC_US.cast(pa.timestamp("ns", "Europe/Helsinki"))))),
    (PARQUET, file(typed())),
    (PARQUET, file(typed(UTC_US, status=WORDS.dictionary_encode()), compression="zstd", row_group_size=2)),
    (PARQUET, file(typed(level=pa.array(BATTERY["level"], pa.float32())), compression="gzip")),
    (NDJSON, lines(BATTERY)),
    (NDJSON, b"\r\n" + lines(BATTERY).replace(b"\n", b" \r\n\r\n\t") + b"\r\n"),
]


@pytest.mark.parametrize(("media", "body"), SAME, ids=range(len(SAME)))
def test_every_format_stores_the_same(ada: Enrollment, phone: Phone, media: str, body: bytes) -> None:
    status, receipt = phone.put(body, media=media, query="?stream=battery")
    assert (status, receipt["sent"], receipt["stored"], receipt["refused"]) == (201, 3, 2, 1)
    found = read(ada, ["battery"], NOON - DAY, NOON + DAY)["battery"]
    assert found["time"].tolist() == MICROSECONDS[:2]
    assert (found["level"].tolist(), found["status"].tolist()) == ([81, 80.5], ["charging", "full"])


def test_lines_of_many_streams(ada: Enrollment, phone: Phone) -> None:
    mixed = [*lines(BATTERY, stream="battery").splitlines(), *lines(screen(2), stream="screen").splitlines()]
    mixed[1], mixed[3] = mixed[3], mixed[1]
    status, receipt = phone.put(b"\n".join(mixed), media=NDJSON)
    assert (status, receipt["sent"], receipt["stored"]) == (201, 5, 4)
    assert receipt["streams"]["battery"]["refusals"] == [
        {"code": "missing_value", "first": 1, "last": 1, "n": 1}  # the second line of battery's
    ]
    found = read(ada, ["battery", "screen"], NOON - DAY, NOON + DAY)
    assert found["screen"]["time"].tolist() == [to_us(NOON), to_us(NOON) + 1_000_000]
    assert found["battery"]["level"].tolist() == [81, 80.5]


def test_a_text_that_looks_like_a_stream(ada: Enrollment, phone: Phone) -> None:
    row = {"time": NOON_MS, "app": '"stream":"screen"', "duration_s": 1, "stream": "app_usage"}
    assert phone.put(json.dumps(row).encode(), media=NDJSON)[0] == 201
    assert read(ada, ["app_usage"], NOON - DAY, NOON + DAY)["app_usage"]["app"].tolist() == [row["app"]]


LIGHT = b'{"stream":"light","time":%d,"lux":' % NOON_MS
LINES: list[tuple[bytes, int, str]] = [
    (LIGHT + b"NaN}", 400, "bad_ndjson"),
    (LIGHT + b"1}," + LIGHT + b"1}", 400, "bad_ndjson"),
    (LIGHT + b"1}\n" + LIGHT, 400, "bad_ndjson"),
    (LIGHT + b"[{}\n" + LIGHT + b"1}]}", 422, "wrong_type"),
    (LIGHT + b"1}\x1f", 400, "bad_ndjson"),
    (LIGHT + b"1}\n\xff", 400, "bad_ndjson"),
    (b"[" + LIGHT + b"1}]", 400, "bad_ndjson"),
    (LIGHT + b'"\\ud800"}', 400, "bad_ndjson"),
    (LIGHT + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "bad_ndjson"),
    (LIGHT + b"[" * 40 + b"]" * 40 + b"}", 422, "wrong_type"),
    (LIGHT + b'1,"lux":1}', 400, "bad_json"),
    (LIGHT + b'1,"stream":"light"}', 400, "bad_json"),
    (LIGHT + b'1,"colour":{"a":1,"a":2}}', 422, "unknown_column"),
    (LIGHT + b'1,"colour":{}}', 422, "unknown_column"),
    (LIGHT + b"true}", 422, "wrong_type"),
    (LIGHT + b'"1"}', 422, "wrong_type"),
    (b'{"time":1,"lux":1}', 422, "missing_field"),
    (b'{"a":{"stream":"light"},"time":1,"lux":1}', 422, "unknown_column"),
    (b'{"stream":"gyroscope"}', 422, "unknown_stream"),
]


@pytest.mark.parametrize(("body", "status", "code"), LINES, ids=range(len(LINES)))
def test_bad_lines(phone: Phone, body: bytes, status: int, code: str) -> None:
    assert refused(phone.put(body, media=NDJSON)) == (status, code)


def test_bad_lines_of_one_stream(phone: Phone) -> None:
    query = "?stream=light"
    assert refused(phone.put(LIGHT + b"1}", media=NDJSON, query=query)) == (422, "unknown_column")
    body = b'{"time":%d,"lux":1}\n{"time":1,"lux":true}' % NOON_MS
    answer = phone.put(body, media=NDJSON, query=query)
    assert refused(answer) == (422, "wrong_type")
    assert (answer[1]["column"], answer[1]["row"]) == ("lux", 1)


NESTED = pa.array([{"a": 1}] * 3)
TYPED: list[tuple[pa.Table, int, str]] = [
    (typed(colour=BATTERY["level"]), 422, "unknown_column"),
    (pa.table([TIMES, TIMES], names=["time", "time"]), 422, "duplicate_column"),
    (typed(level=NESTED), 422, "wrong_type"),
    (typed(level=pa.array([[1.0]] * 3)), 422, "wrong_type"),
    (typed(level=[True] * 3), 422, "wrong_type"),
    (typed(level=["1"] * 3), 422, "wrong_type"),
    (typed(status=[1, 2, 3]), 422, "wrong_type"),
    (typed(status=pa.array([b"full"] * 3)), 422, "wrong_type"),
    (typed(pa.array(MICROSECONDS, pa.timestamp("us"))), 422, "wrong_type"),
    (typed(pa.array([1_767_700_000_000_000_001] * 3, pa.timestamp("ns", "UTC"))), 422, "wrong_type"),
    (typed(pa.array([TIMES[0], float("nan"), TIMES[1]])), 422, "time_not_finite"),
    (typed(pa.array([TIMES[0], float("inf"), TIMES[1]])), 422, "time_not_finite"),
    (pa.table({"time": TIMES}), 422, "missing_column"),
]


@pytest.mark.parametrize("media", [ARROW_STREAM, PARQUET])
@pytest.mark.parametrize(("table", "status", "code"), TYPED, ids=range(len(TYPED)))
def test_bad_columns(phone: Phone, media: str, table: pa.Table, status: int, code: str) -> None:
    try:
        body = (arrow if media == ARROW_STREAM else file)(table)
    except pa.ArrowException:
        pytest.skip("no such Parquet file can be written")
    found = refused(phone.put(body, media=media, query="?stream=battery"))
    assert found == (status, code) or (media, code, found[1]) == (PARQUET, "duplicate_column", "bad_parquet")


def test_missing_numbers_may_be_nan(phone: Phone) -> None:
    level = pa.array([1.0, float("nan"), float("inf")])
    table = typed(level=level, status=["full"] * 3)
    receipt = phone.put(arrow(table), media=ARROW_STREAM, query="?stream=battery")[1]
    codes = [one["code"] for one in receipt["streams"]["battery"]["refusals"]]
    assert codes == ["missing_value", "out_of_range"]


def test_arrow_streams_end_where_they_say(phone: Phone) -> None:
    whole, query = arrow(typed()), "?stream=battery"
    for body in (whole[:-8], whole[:-9], whole * 2, whole + b"\0", b"", b"ARROW1"):
        status, code = refused(phone.put(body, media=ARROW_STREAM, query=query))
        assert (status, code) in ((400, "bad_arrow"), (411, "length_required"))


@pytest.mark.parametrize(
    ("media", "body"),
    [
        (ARROW_STREAM, arrow(pa.table({"time": pa.nulls(10**9)}))),
        (PARQUET, file(pa.table({"time": pa.nulls(10**6)}))),
    ],
    ids=("arrow", "parquet"),
)
def test_rows_that_take_no_room(phone: Phone, media: str, body: bytes) -> None:
    assert len(body) < 100_000
    assert refused(phone.put(body, media=media, query="?stream=app_usage")) == (413, "too_large")


def test_growth_without_reason_is_refused(phone: Phone) -> None:
    body = b'{"streams":{' + b" " * 6_000_000 + b"}}"
    for name, packed in (("gzip", gzip.compress(body)), ("zstd", zstandard.compress(body))):
        assert refused(phone.put(packed, **{"Content-Encoding": name})) == (413, "too_large")
    small = b'{"streams":{' + b" " * 1_000_000 + b"}}"
    assert phone.put(zstandard.compress(small), **{"Content-Encoding": "zstd"})[0] == 201


def test_a_cell_that_dies_is_replaced(phone: Phone) -> None:
    assert phone.put(arrow(typed()), media=ARROW_STREAM, query="?stream=battery")[0] == 201
    process = cell._cell._process  # noqa: SLF001
    assert process
    process.send_signal(signal.SIGSTOP)
    os.kill(process.pid, signal.SIGKILL)
    time.sleep(0.05)
    assert phone.put(file(typed()), media=PARQUET, query="?stream=battery")[0] == 201


@pytest.mark.parametrize(
    ("ends", "answer"),
    [
        ("os.kill(os.getpid(), 9)", (503, "unavailable")),
        ("sys.exit(3)", (503, "unavailable")),
        ("os.abort()", (400, "bad_arrow")),
    ],
)
def test_a_cell_that_dies_twice(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, ends: str, answer: tuple[int, str]
) -> None:
    """A body is blamed for a crash; not for what a machine short of memory does."""
    cell._cell.end()  # noqa: SLF001
    program = f"import os, sys; sys.stdin.buffer.read(9); {ends}"
    command = [sys.executable, "-c", program]
    start = partial(subprocess.Popen, command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    monkeypatch.setattr(cell, "_started", start)
    assert refused(phone.put(arrow(typed()), media=ARROW_STREAM, query="?stream=battery")) == answer


def test_a_cell_that_was_left_in_the_middle_of_an_answer_answers_nobody_else() -> None:
    body = arrow(typed())
    n_rows = cell.decode_arrow(body, "battery", 10).num_rows
    process = cell._cell._process  # noqa: SLF001
    assert process and process.stdout
    whole, process.stdout = process.stdout, Mock(fileno=process.stdout.fileno)
    process.stdout.read.side_effect = lambda n: whole.read(n) if n == cell.LENGTHS.size else _fail()
    with pytest.raises(MemoryError):
        cell.decode_arrow(body, "battery", 10)
    assert cell.decode_arrow(body, "battery", 10).num_rows == n_rows


def _fail() -> None:
    raise MemoryError


def test_a_cell_that_cannot_start(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise BlockingIOError(11, "no process left")

    cell._cell.end()  # noqa: SLF001
    monkeypatch.setattr(cell, "_started", fail)
    answer = refused(phone.put(arrow(typed()), media=ARROW_STREAM, query="?stream=battery"))
    assert answer == (503, "unavailable")


def test_every_table_says_its_stream(phone: Phone) -> None:
    for media, body in ((ARROW_STREAM, arrow(typed())), (PARQUET, file(typed())), (CSV, b"time\n")):
        assert refused(phone.put(body, media=media)) == (422, "unknown_stream")


def digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def test_what_the_phone_says_of_its_body(phone: Phone) -> None:
    raw = json.dumps({"streams": {"screen": screen()}}).encode()
    packed = gzip.compress(raw)

    def put(**headers: str) -> Answer:
        return phone.put(packed, **{"Content-Encoding": "gzip"} | headers)

    for headers, status, code, retry in (
        ({"Content-Digest": digest(raw)}, 400, "body_damaged", True),
        ({"Content-Digest": f"sha-512=:AAAA:, {digest(raw)}"}, 400, "body_damaged", True),
        ({"Content-Digest": "sha-256=:AAAA:"}, 400, "bad_header", False),
        ({"Content-Digest": "sha-256=:é:"}, 400, "bad_header", False),
        ({"X-Raw-Length": str(len(raw) + 1)}, 400, "length_mismatch", True),
        ({"X-Raw-Length": "-1"}, 400, "bad_header", False),
        ({"X-Raw-Length": "9" * 5_000}, 400, "bad_header", False),
    ):
        answer = put(**headers)
        assert (*refused(answer), answer[1]["retry"]) == (status, code, retry)
    told = {"Content-Digest": f"sha-512=:AAAA:, {digest(packed)}", "X-Raw-Length": str(len(raw))}
    assert put(**told)[0] == 201
