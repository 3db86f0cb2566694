"""Ada's phone as the API meets it."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

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


def screen(n: int = 4, start_ms: float = NOON_MS) -> dict[str, list[Any]]:
    """Columns of n screen events, a second apart."""
    words = ("on", "unlocked", "locked", "off")
    return {"time": [start_ms + 1_000 * i for i in range(n)], "state": [words[i % 4] for i in range(n)]}
