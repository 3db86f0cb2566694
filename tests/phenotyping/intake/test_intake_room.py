"""Large uploads leave threads and memory for others; small ones and answers never ask."""

import gc
import io
import tracemalloc
import uuid
from contextlib import ExitStack

import pyarrow as pa
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory
from pytest_django import Settings

from phenotyping.intake import room, services
from phenotyping.intake.decoding import cell
from phenotyping.intake.decoding.formats import ARROW_STREAM
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
    with place.taken(2), place.taken(1):
        with pytest.raises(Refusal) as refused, place.taken(1):
            pass
        assert (refused.value.code, refused.value.status, refused.value.retry) == ("busy", 503, True)
    with place.taken(9):  # alone: what is admitted at all can be read
        pass
    with pytest.raises(ZeroDivisionError), place.taken(3):
        raise ZeroDivisionError
    with place.taken(3):
        pass


def test_without_a_limit_everybody_finds_room() -> None:
    place = Room(lambda: 0)
    with place.taken(2), place.taken(10**12):
        pass


def test_large_bodies_leave_threads_for_answers(phone: Phone, settings: Settings) -> None:
    load_instruments()
    upload = uuid.uuid4()
    with ExitStack() as coming:
        for _ in range(settings.UPLOADS_AT_ONCE):
            coming.enter_context(room.for_body(2**20))
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
    with room.for_reading(len(LARGE)):
        status, body = phone.put(LARGE, upload=upload, media=CSV, query=QUERY)
        assert (status, body["errors"][0]["code"]) == (503, "busy")
        assert not Upload.objects.exists()
        assert phone.send({"screen": screen()})[0] == 201
    assert phone.put(LARGE, upload=upload, media=CSV, query=QUERY)[0] == 201


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
