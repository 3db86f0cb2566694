"""Uploads in pieces: resumed where they were cut, settled as one PUT would have been, gone after a day."""

import gzip
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from phenotyping.intake import partial, room
from phenotyping.intake.models import Chunk, PartialUpload, Piece, Upload
from phenotyping.intake.reading import read
from tests.phenotyping.intake.conftest import CSV, JSON, NOON, Phone, screen
from wellness.consent.purposes import COLLECT
from wellness.consent.services import withdraw
from wellness.lib.clock import utc_now
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import issue_device

BODY = json.dumps({"streams": {"screen": screen(400)}}).encode()
HALF = len(BODY) // 2


@dataclass
class Sender:
    """A phone that sends one body in pieces."""

    token: str
    upload: uuid.UUID = field(default_factory=uuid.uuid4)

    def _ask(self, method: str, query: str, body: bytes, media: str, headers: dict[str, str]) -> HttpResponse:
        address = f"/api/v1/uploads/{self.upload}/parts{query}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": media} | headers
        return Client().generic(method, address, body, headers=headers)

    def begin(self, n: int = len(BODY), media: str = JSON, query: str = "", **headers: str) -> HttpResponse:
        return self._ask("POST", query, b"", media, {"Upload-Length": str(n)} | headers)

    def offset(self) -> HttpResponse:
        return self._ask("HEAD", "", b"", JSON, {})

    def piece(self, start: int, piece: bytes, **headers: str) -> HttpResponse:
        headers = {"Upload-Offset": str(start), "Content-Length": str(len(piece))} | headers
        return self._ask("PATCH", "", piece, "application/octet-stream", headers)


@pytest.fixture
def sender(device: tuple[Device, str]) -> Sender:
    return Sender(device[1])


def code(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.content)["errors"][0]["code"]


def counts() -> list[int]:
    return [model.objects.count() for model in (Upload, Chunk, PartialUpload, Piece)]


def test_the_receipt_is_the_one_of_a_put(ada: Enrollment, sender: Sender, phone: Phone) -> None:
    begun = sender.begin()
    assert (begun.status_code, begun["Upload-Offset"], begun["Upload-Length"]) == (201, "0", str(len(BODY)))
    first = sender.piece(0, BODY[:HALF])
    assert (first.status_code, first["Upload-Offset"], first.content) == (204, str(HALF), b"")
    last = sender.piece(HALF, BODY[HALF:])
    assert (last.status_code, last["Upload-Offset"]) == (201, str(len(BODY)))
    again, receipt = phone.put(BODY, upload=sender.upload)
    assert (again, json.loads(last.content)) == (200, receipt)
    assert counts() == [1, 1, 1, 0]
    assert Upload.objects.get().n_wire_bytes == len(BODY)
    assert read(ada, ["screen"], NOON, NOON + timedelta(days=1))["screen"]["time"].size == 400


def test_it_goes_on_where_it_was_cut(sender: Sender) -> None:
    sender.begin()
    sender.piece(0, BODY[:100])
    assert (sender.begin().status_code, sender.begin()["Upload-Offset"]) == (200, "100")
    lost = sender.piece(0, BODY[:100])  # its answer never came
    assert code(lost) == (409, "offset_mismatch")
    assert json.loads(lost.content)["offset"] == 100
    assert sender.offset()["Upload-Offset"] == "100"
    assert code(sender.piece(101, BODY[101:])) == (409, "offset_mismatch")
    assert code(sender.piece(100, BODY[100:] + b"x")) == (422, "beyond_length")
    damaged = sender.piece(100, BODY[100:], **{"Content-Digest": "sha-256=:" + "A" * 43 + "=:"})
    assert (code(damaged), json.loads(damaged.content)["retry"]) == ((400, "body_damaged"), True)
    assert sender.offset()["Upload-Offset"] == "100"
    first = sender.piece(100, BODY[100:])
    again = sender.piece(len(BODY), b"")  # its answer never came, either
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content


def test_asking_changes_nothing(sender: Sender) -> None:
    sender.begin()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = sender.offset()
    assert (answer.status_code, answer["Cache-Control"], answer.content) == (200, "no-store", b"")
    assert all(one["sql"].startswith("SELECT") for one in asked.captured_queries)
    assert Sender(sender.token).offset().status_code == 404


def test_pieces_of_a_compressed_table(phone: Phone, sender: Sender) -> None:
    rows = "time,state\n" + "".join(f"{ms:.0f},on\n" for ms in screen(2_000)["time"])
    packed = gzip.compress(rows.encode())
    told = {"Content-Encoding": "gzip", "X-Raw-Length": str(len(rows))}
    sender.begin(len(packed), CSV, "?stream=screen", **told)
    for start in range(0, len(packed), 1_000):
        answer = sender.piece(start, packed[start : start + 1_000])
    assert (answer.status_code, json.loads(answer.content)["stored"]) == (201, 2_000)


def test_what_is_kept_meanwhile_is_sealed(sender: Sender) -> None:
    sender.begin()
    sender.piece(0, BODY[:-9])
    assert b"unlocked" in BODY[:-9]
    assert b"unlocked" not in bytes(Piece.objects.get().sealed)


def test_what_cannot_be_is_refused_at_once(sender: Sender) -> None:
    for answer, status, name in (
        (sender.begin(64 * 2**20 + 1), 413, "too_large"),
        (sender.begin(media="text/plain"), 415, "unsupported_media_type"),
        (sender.begin(**{"Content-Encoding": "br"}), 415, "unsupported_media_type"),
        (sender.begin(query="?stream=gyroscope"), 422, "unknown_stream"),
        (sender.begin(**{"X-Raw-Length": "99999999"}), 413, "too_large"),
        (sender.begin(**{"Upload-Length": "many"}), 400, "bad_header"),
        (sender.piece(0, BODY), 404, "unknown_upload"),
    ):
        assert code(answer) == (status, name)
    assert counts() == [0, 0, 0, 0]
    sender.begin()
    assert code(sender.begin(len(BODY) + 1)) == (409, "digest_mismatch")
    sender.upload = "today"  # type: ignore[assignment]
    assert code(sender.begin()) == (422, "bad_upload_id")


def test_a_whole_that_is_bad_is_dropped(sender: Sender) -> None:
    sender.begin(5)
    sender.piece(0, b"{")
    assert code(sender.piece(1, b"null")) == (400, "bad_json")
    assert counts() == [0, 0, 0, 0]


def test_a_whole_that_cannot_be_kept_now_stays(
    sender: Sender, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.begin()
    sender.piece(0, BODY[:HALF])
    with monkeypatch.context() as patch:
        patch.setattr(type(storages["chunks"]), "_save", _fails)
        assert sender.piece(HALF, BODY[HALF:]).status_code == 503
    assert counts() == [0, 0, 1, 2]
    assert sender.piece(len(BODY), b"").status_code == 201
    assert counts() == [1, 1, 1, 0]


def test_what_is_joined_at_once_fits_into_memory(
    sender: Sender, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_RAW_BYTES = 3 * len(BODY) // 2
    monkeypatch.setattr(room, "SMALL_RAW", 1_000)
    sender.begin()
    with room.for_joining(len(BODY)):
        assert code(sender.piece(0, BODY)) == (503, "busy")
    assert sender.piece(len(BODY), b"").status_code == 201


def _fails(*_: Any) -> str:
    raise OSError("the disk is gone")


def test_withdrawal_drops_what_came_and_refuses_what_comes(ada: Enrollment, sender: Sender) -> None:
    rows = b"time,state\n"
    sender.begin(len(rows), CSV, "?stream=screen")
    sender.piece(0, rows[:4])
    other = Sender(sender.token)
    other.begin(9, CSV, "?stream=light")
    withdraw(enrollment=ada, now=utc_now(), scopes=[(COLLECT, "screen")])
    assert [one.stream for one in PartialUpload.objects.all()] == ["light"]
    assert Piece.objects.count() == 0
    assert sender.piece(4, rows[4:]).status_code == 404
    assert code(sender.begin(len(rows), CSV, "?stream=screen")) == (403, "consent_denied")
    assert other.piece(0, b"time,lux\n").status_code == 201


def test_an_unfinished_upload_is_gone_after_a_day(device: tuple[Device, str], sender: Sender) -> None:
    sender.begin()
    sender.piece(0, BODY[:HALF])
    now = utc_now()
    assert partial.collect(now + timedelta(hours=23)) == 0
    _age(now - timedelta(hours=25))
    assert code(sender.piece(HALF, BODY[HALF:])) == (404, "unknown_upload")
    assert sender.begin().status_code == 201
    assert sender.offset()["Upload-Offset"] == "0"
    _age(now - timedelta(hours=25))
    assert partial.collect(now) == 1
    assert counts() == [0, 0, 0, 0]


def _age(started_at: datetime) -> None:
    PartialUpload.objects.update(started_at=started_at)


def test_a_phone_has_a_few_under_way(ada: Enrollment, sender: Sender) -> None:
    for _ in range(partial.MAX_UNFINISHED):
        assert Sender(sender.token).begin().status_code == 201
    answer = sender.begin()
    assert (code(answer), json.loads(answer.content)["retry"]) == ((429, "too_many_unfinished"), True)
    _, token = issue_device(enrollment=ada, platform=Device.Platform.IOS, now=utc_now())
    assert Sender(token).begin().status_code == 201


def test_nobody_goes_on_with_the_upload_of_another(ada: Enrollment, sender: Sender) -> None:
    sender.begin()
    _, token = issue_device(enrollment=ada, platform=Device.Platform.IOS, now=utc_now())
    stranger = Sender(token, sender.upload)
    assert stranger.offset().status_code == 404
    assert code(stranger.piece(0, BODY)) == (404, "unknown_upload")
    assert code(Sender("", sender.upload).begin())[0] == 401
