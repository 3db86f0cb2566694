"""Ada's phone as the API meets it."""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.test import Client
from pytest_django import Settings

from phenotyping.intake.services import accept
from tests.phenotyping.intake import stores
from wellness.studies.models import Device

NOON = datetime(2026, 1, 6, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1_000)
JSON, CSV = "application/json", "text/csv"


@dataclass
class Phone:
    """Uploads with one token; answers are (status, body)."""

    token: str

    def put(
        self, body: bytes, *, upload: object = None, query: str = "", media: str = JSON, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        address = f"/api/v1/uploads/{upload or uuid.uuid4()}{query}"
        credential = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = Client().put(address, body, content_type=media, headers=credential | headers)
        return answer.status_code, answer.json()

    def send(self, streams: Mapping[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
        upload = more.pop("upload", None)
        return self.put(json.dumps(more | {"streams": streams}).encode(), upload=upload)


@pytest.fixture
def phone(device: tuple[Device, str]) -> Phone:
    """Ada's phone, consented to everything."""
    return Phone(device[1])


@pytest.fixture(autouse=True)
def _objects(settings: Settings) -> None:
    """Chunks are objects, however small; `placed` says otherwise."""
    settings.CHUNK_ROW_BYTES = 0


@pytest.fixture(params=["inline", "object"])
def placed(request: pytest.FixtureRequest, settings: Settings, _objects: None) -> str:
    """Where chunks are kept: in their rows, or as objects."""
    settings.CHUNK_ROW_BYTES = 2**20 if request.param == "inline" else 0
    return str(request.param)


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """A folder of the test's own that chunks are kept in."""
    settings.STORAGES = settings.STORAGES | {"chunks": stores.local(tmp_path)}
    return tmp_path


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Of an S3 server on this machine."""
    with stores.s3_server() as address:
        yield address


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> str:
    """What keeps the objects: a folder of the test's own, or a bucket of its own."""
    local = request.param == "local"
    chunks = stores.local(tmp_path) if local else stores.bucket(request.getfixturevalue("s3_address"))
    settings.STORAGES = settings.STORAGES | {"chunks": chunks}
    return str(request.param)


@pytest.fixture
def phone_of_ada(device: tuple[Device, str], store: str) -> Device:
    return device[0]


def take(device: Device, tables: Mapping[str, pa.Table], now: datetime) -> None:
    """One upload of tables by stream, times in milliseconds."""
    accept(
        device=device,
        upload_id=uuid.uuid4(),
        tables=tables,
        sha256=uuid.uuid4().hex,
        content_type="",
        n_wire_bytes=0,
        now=now,
    )


def screen(n: int = 4, start_ms: float = NOON_MS) -> dict[str, list[Any]]:
    """Columns of n screen events, a second apart."""
    words = ("on", "unlocked", "locked", "off")
    return {"time": [start_ms + 1_000 * i for i in range(n)], "state": [words[i % 4] for i in range(n)]}
