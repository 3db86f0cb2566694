"""Bad uploads: a clear 4xx with a code and a place, and nothing half-stored."""

import gzip
import io
import json
import zlib
from typing import Any

import pytest
import zstandard
from django.test import Client

from phenotyping.intake.models import Chunk, Upload
from tests.phenotyping.intake.conftest import CSV, NOON_MS, Phone, screen
from wellness.lib.clock import utc_now
from wellness.studies.models import Device
from wellness.studies.services import revoke_device

GOOD = json.dumps({"streams": {"screen": screen()}}).encode()

CONTENT: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"gyroscope": screen()}, "unknown_stream", {"stream": "gyroscope"}),
    ({"screen": screen() | {"colour": [1] * 4}}, "unknown_column", {"column": "colour"}),
    (
        {"screen": [{"time": NOON_MS, "state": "on", "colour": {"a": []}}]},
        "unknown_column",
        {"column": "colour"},
    ),
    ({"screen": {"time": [NOON_MS]}}, "missing_column", {"column": "state"}),
    ({"screen": {"state": ["on"]}}, "missing_column", {"column": "time"}),
    ({"screen": screen() | {"time": [NOON_MS, True, 1, 2]}}, "wrong_type", {"column": "time", "row": 1}),
    ({"screen": screen() | {"time": [NOON_MS, NOON_MS, str(NOON_MS), 2]}}, "wrong_type", {"row": 2}),
    ({"screen": screen() | {"state": ["on", 1, "off", "on"]}}, "wrong_type", {"column": "state", "row": 1}),
    ({"screen": screen() | {"state": "on"}}, "wrong_type", {"column": "state"}),
    ({"screen": [{"time": NOON_MS, "state": "on"}, {"time": "1", "state": "on"}]}, "wrong_type", {"row": 1}),
    ({"screen": [{"time": NOON_MS, "state": "on"}, 5]}, "wrong_type", {"row": 1}),
    ({"screen": [{"time": NOON_MS, "state": "on"}, None]}, "wrong_type", {"row": 1}),
    ({"screen": 5}, "wrong_type", {"stream": "screen"}),
    ({"steps": {"time": [NOON_MS], "steps": [1.5], "duration_s": [60]}}, "wrong_type", {"row": 0}),
    ({"screen": screen() | {"state": ["on"]}}, "unequal_columns", {"stream": "screen"}),
    ({"screen": screen() | {"time": [NOON_MS, None, 1, 2]}}, "time_not_finite", {"row": 1}),
]


def refused(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    """Status and code, once it is sure that nothing of the upload is there."""
    assert (Upload.objects.count(), Chunk.objects.count()) == (0, 0)
    assert answer[1]["retry"] is False
    return answer[0], answer[1]["errors"][0]["code"]


@pytest.mark.parametrize(("streams", "code", "place"), CONTENT)
def test_content(phone: Phone, streams: dict[str, Any], code: str, place: dict[str, Any]) -> None:
    answer = phone.send({"light": {"time": [NOON_MS], "lux": [3]}} | streams)
    assert refused(answer) == (422, code)
    assert place.items() <= answer[1].items()


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("time,state\n1767700000000,on\n", None, {}),
        ("time,colour\n1767700000000,on\n", "unknown_column", {"column": "colour"}),
        ("time\n1767700000000\n", "missing_column", {"column": "state"}),
        ("time,time\n1,2\n", "duplicate_column", {}),
        ("time,state\n1767700000000,on\ntrue,on\n", "wrong_type", {"column": "time", "row": 1}),
        ("time,state\n1767700000000,on\n1767700000000\n", "bad_csv", {"row": 1}),
        ("time,state\n1767700000000,on\nnan,on\n", "time_not_finite", {"row": 1}),
        ("time,state\n1767700000000,on\n,on\n", "time_not_finite", {"row": 1}),
        ("time,state\ninf,on\n", "time_not_finite", {"row": 0}),
        (" \n", "missing_column", {}),
    ],
)
def test_csv(phone: Phone, text: str, code: str | None, place: dict[str, Any]) -> None:
    status, answer = phone.put(text.encode(), media=CSV, query="?stream=screen")
    if code is None:
        assert (status, answer["stored"]) == (201, 1)
        return
    assert refused((status, answer))[1] == code
    assert place.items() <= answer.items()


BODIES: list[tuple[bytes, dict[str, str], int, str]] = [
    (b"{", {}, 400, "bad_json"),
    (b" ", {}, 400, "bad_json"),
    (b"", {}, 411, "length_required"),
    (GOOD + b"x", {}, 400, "bad_json"),
    (GOOD.replace(b"1767", b"NaN"), {}, 400, "bad_json"),
    (b"[1]", {}, 422, "wrong_type"),
    (b"[" * 100_000 + b"]" * 100_000, {}, 422, "wrong_type"),
    (b'{"streams":' + b"[" * 100_000 + b"]" * 100_000 + b"}", {}, 400, "bad_json"),
    (b'{"streams":{}, "streams":{}}', {}, 400, "bad_json"),
    (b'{"streams":{"screen":{"time":[],"state":[]},"screen":{"time":[],"state":[]}}}', {}, 400, "bad_json"),
    (b'{"streams":{"screen":[{"time":1,"time":1767700000000,"state":"on"}]}}', {}, 400, "bad_json"),
    (b'{"streams":{"screen":{"time":[1767700000000],"state":["\\ud800"]}}}', {}, 400, "bad_json"),
    (b'{"streams":{"screen":{"time":[1767700000000],"state":["\xff"]}}}', {}, 400, "bad_json"),
    (b'{"streams":{"screen":[{"time":1767700000000,"\xff":1}]}}', {}, 400, "bad_json"),
    (b'{"streams":{"screen":{"time":[' + b"9" * 5_000 + b'],"state":["on"]}}}', {}, 422, "time_not_finite"),
    (b'{"streams":{}, "more":1}', {}, 422, "unknown_field"),
    (b"{}", {}, 422, "missing_field"),
    (b'{"streams":{}, "sent_at":true}', {}, 422, "wrong_type"),
    (b'{"streams":{}, "sent_at":1e300}', {}, 422, "wrong_type"),
    (b'{"streams":{}, "timezone":"Mars/Olympus"}', {}, 422, "unknown_timezone"),
    (b'{"streams":{}, "timezone":"../etc/passwd"}', {}, 422, "unknown_timezone"),
    (gzip.compress(GOOD)[:-9], {"Content-Encoding": "gzip"}, 400, "bad_encoding"),
    (gzip.compress(GOOD) * 2, {"Content-Encoding": "gzip"}, 400, "bad_encoding"),
    (GOOD, {"Content-Encoding": "gzip"}, 400, "bad_encoding"),
    (zlib.compress(GOOD), {"Content-Encoding": "gzip"}, 400, "bad_encoding"),
    (zstandard.compress(GOOD)[:-5], {"Content-Encoding": "zstd"}, 400, "bad_encoding"),
    (zstandard.compress(GOOD) * 2, {"Content-Encoding": "zstd"}, 400, "bad_encoding"),
    (GOOD, {"Content-Encoding": "zstd"}, 400, "bad_encoding"),
    (GOOD, {"Content-Encoding": "br"}, 415, "unsupported_media_type"),
    (gzip.compress(bytes(2**26 + 1), 1), {"Content-Encoding": "gzip"}, 413, "too_large"),
    (zstandard.compress(bytes(2**30)), {"Content-Encoding": "zstd"}, 413, "too_large"),
    (b" " * (8 * 2**20 + 1), {}, 413, "too_large"),
]


@pytest.mark.parametrize(("body", "headers", "status", "code"), BODIES, ids=range(len(BODIES)))
def test_bodies(phone: Phone, body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    assert refused(phone.put(body, **headers)) == (status, code)


@pytest.mark.parametrize("media", ["application/xml", "", "application/json; charset=latin-1", "text/plain"])
def test_media_types(phone: Phone, media: str) -> None:
    assert refused(phone.put(GOOD, media=media)) == (415, "unsupported_media_type")


def test_more_rows_than_one_upload_may_hold(phone: Phone, settings: Any) -> None:
    settings.UPLOAD_ROWS = 5
    both = {"screen": screen(3), "light": [{"time": NOON_MS, "lux": 1}] * 3}
    assert refused(phone.send(both)) == (413, "too_large")
    assert refused(phone.send({"screen": screen(6)})) == (413, "too_large")
    assert refused(phone.send({"light": [{"time": NOON_MS, "lux": 1}] * 6})) == (413, "too_large")
    lines = "time,lux\n" + f"{NOON_MS},1\n" * 6
    assert refused(phone.put(lines.encode(), media=CSV, query="?stream=light")) == (413, "too_large")
    assert phone.send({"screen": screen(5)})[0] == 201


def test_a_body_declared_too_large_is_not_read(phone: Phone) -> None:
    headers = {"Authorization": f"Bearer {phone.token}"}
    address = "/api/v1/uploads/00000000-0000-4000-8000-000000000001"
    # The test client refuses to give more than it has, so reading would fail.
    answer = Client().put(address, GOOD, "application/json", headers=headers, CONTENT_LENGTH=str(100 * 2**20))
    assert refused((answer.status_code, answer.json())) == (413, "too_large")


def test_a_body_shorter_than_declared(phone: Phone) -> None:
    headers = {"Authorization": f"Bearer {phone.token}"}
    address = "/api/v1/uploads/00000000-0000-4000-8000-000000000001"
    short = {"wsgi.input": io.BytesIO(GOOD), "CONTENT_LENGTH": str(len(GOOD) + 9)}
    answer = Client().put(address, GOOD, "application/json", headers=headers, **short)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "body_incomplete")
    assert answer.json()["retry"] is True
    assert Upload.objects.count() == 0


def test_a_csv_that_does_not_say_its_stream(phone: Phone) -> None:
    assert refused(phone.put(b"time,state\n", media=CSV)) == (422, "unknown_stream")
    assert refused(phone.put(b"time,state\n", media=CSV, query="?stream=gyroscope")) == (
        422,
        "unknown_stream",
    )


def test_an_upload_id_that_is_no_uuid(phone: Phone) -> None:
    assert refused(phone.put(GOOD, upload="today")) == (422, "bad_upload_id")


def test_outsiders(phone: Phone, device: tuple[Device, str]) -> None:
    assert refused(Phone("no such token").put(GOOD)) == (401, "device_unknown")
    assert refused(Phone("").put(GOOD))[0] == 401
    revoke_device(device=device[0], now=utc_now())
    assert refused(phone.put(GOOD)) == (401, "device_unknown")
