"""Large uploads leave threads and memory for others; small ones and answers never ask."""

import gc
import gzip
import io
import tracemalloc
import uuid
from collections.abc import Callable
from contextlib import ExitStack

import pyarrow as pa
import pytest
import zstandard
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory
from pytest_django import Settings

from phenotyping.intake import room, services
from phenotyping.intake.decoding import cell
from phenotyping.intake.decoding.formats import ARROW_STREAM
from phenotyping.intake.inflating import inflate
from phenotyping.intake.models import Upload
from phenotyping.intake.room import Room
from phenotyping.surveys.instruments import load_instruments
from tests.phenotyping.intake.conftest import CSV, NOON_MS, Phone, screen
from wellness.lib.refusal import Refusal

HEADER = b"time,state\n"
LARGE = HEADER + b"".join(b"%d,on\n" % (NOON_MS + n) for n in range(9_000))
QUERY = "?stream=screen"


def test_who_comes_too_many_is_sent_away_and_finds_room_afterwards() -> None:
    place = Room(lambda: 3)
    with place.share() as one, place.share() as two, place.share() as late:
        one(2)
        two(1)
        with pytest.raises(Refusal) as refused:
            late(1)
        assert (refused.value.code, refused.value.status, refused.value.retry) == ("busy", 503, True)
        one(1)
        late(1)
        with pytest.raises(Refusal):
            one(2)
    with place.share() as alone:  # what is admitted at all can be read
        alone(5)
        alone(9)
    with pytest.raises(ZeroDivisionError), place.share() as failing:
        failing(3)
        raise ZeroDivisionError
    with place.share() as one, place.share() as two:
        one(2)
        two(1)


def test_without_a_limit_everybody_finds_room() -> None:
    place = Room(lambda: 0)
    with place.share() as one, place.share() as two:
        one(2)
        two(10**12)


def test_large_bodies_leave_threads_for_answers(phone: Phone, settings: Settings) -> None:
    load_instruments()
    upload = uuid.uuid4()
    with ExitStack() as coming:
        for _ in range(settings.UPLOADS_AT_ONCE):
            coming.enter_context(room.for_transfer(2**20))
        status, body = phone.put(LARGE, upload=upload, media=CSV, query=QUERY)
        assert (status, body["errors"][0]["code"], body["retry"]) == (503, "busy", True)
        assert phone.send({"screen": screen()})[0] == 201
        sheet = {
            "id": str(uuid.uuid4()),
            "instrument": "check-in",
            "recorded_at": NOON_MS,
            "values": {"support": 2},
        }
        credential = {"Authorization": f"Bearer {phone.token}"}
        said = Client().post("/api/v1/answers", sheet, content_type="application/json", headers=credential)
        assert said.status_code == 201
    assert phone.put(LARGE, upload=upload, media=CSV, query=QUERY)[0] == 201


def test_what_is_read_at_once_fits_into_memory(
    phone: Phone, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_RAW_BYTES = 3 * len(LARGE) // 2
    monkeypatch.setattr(room, "SMALL_RAW", 1_000)
    upload = uuid.uuid4()
    with room.for_reading() as other:
        other(len(LARGE))
        status, body = phone.put(LARGE, upload=upload, media=CSV, query=QUERY)
        assert (status, body["errors"][0]["code"]) == (503, "busy")
        assert not Upload.objects.exists()
        assert phone.send({"screen": screen()})[0] == 201
    assert phone.put(LARGE, upload=upload, media=CSV, query=QUERY)[0] == 201


@pytest.mark.parametrize("encoding, encode", [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_body_may_find_no_room_before_all_of_it_is_there(
    encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    told: list[int] = []

    def grow(n_bytes: int) -> None:
        told.append(n_bytes)
        if n_bytes:
            raise MemoryError

    with pytest.raises(MemoryError):
        inflate(encode(LARGE), encoding, len(LARGE), grow)
    assert 0 < told[-1] < len(LARGE)


@pytest.mark.parametrize("end", [201, 422, 500])
def test_a_body_is_gone_when_it_is_answered(
    phone: Phone, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch, end: int
) -> None:
    body = LARGE + (b"late,on\n" if end == 422 else b"")
    if end == 500:
        monkeypatch.setattr(services, "decode", None)

    def answered() -> int:
        credential = {"Authorization": f"Bearer {phone.token}"}
        environ = rf.put(f"/api/v1/uploads/{uuid.uuid4()}{QUERY}", headers=credential).environ
        environ |= {"CONTENT_TYPE": CSV, "CONTENT_LENGTH": str(len(body))}
        environ["wsgi.input"] = io.BufferedReader(io.BytesIO(body))  # copies, as a socket does
        said: list[str] = []
        WSGIHandler()(environ, lambda status, headers, exc_info=None: said.append(status)).close()
        return int(said[0][:3])

    assert answered() == answered() == end
    gc.collect()
    gc.disable()  # for it may not come for a long time
    tracemalloc.start()
    try:
        answered()
        assert not [one for one in tracemalloc.take_snapshot().traces if one.size >= len(body)]
    finally:
        tracemalloc.stop()
        gc.enable()


def test_who_waits_for_the_cell_gives_its_thread_back(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell, "TURN_S", 0.05)
    table = pa.table({"time": [float(NOON_MS)], "lux": [3.5]})
    body, upload = pa.BufferOutputStream(), uuid.uuid4()
    with pa.ipc.new_stream(body, table.schema) as writer:
        writer.write_table(table)

    def sent() -> int:
        plain = body.getvalue().to_pybytes()
        return phone.put(plain, upload=upload, media=ARROW_STREAM, query="?stream=light")[0]

    with cell._cell._lock:  # noqa: SLF001  a body that takes its ten seconds
        assert sent() == 503
    assert sent() == 201
