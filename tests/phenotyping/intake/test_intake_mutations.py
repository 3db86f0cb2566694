"""Thousands of damaged bodies: each is refused whole, or stored as it says, and never costs much.

MUTATIONS says how many; they are the same in every run.
"""

import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from phenotyping.intake import chunks
from phenotyping.intake.models import Chunk, Upload, UploadPart
from phenotyping.streams.catalogue import STREAMS
from tests.phenotyping.intake.conftest import Phone
from tests.phenotyping.intake.mutations import Body, bombs, mutated

MUTATIONS = int(os.environ.get("MUTATIONS", "80"))


def counts() -> tuple[int, ...]:
    """Rows of the ledger and of the registry, and objects, whether or not a row names them."""
    root = Path(storages["chunks"].location)  # type: ignore[attr-defined]
    n_objects = sum(len(files) for _, _, files in os.walk(root))
    return (*(model.objects.count() for model in (Upload, UploadPart, Chunk)), n_objects)


def put(phone: Phone, body: Body, upload: uuid.UUID) -> tuple[int, dict[str, Any]]:
    headers = dict(body.claims) | ({"Content-Encoding": body.encoding} if body.encoding else {})
    return phone.put(body.sent, upload=upload, query=body.query, media=body.media, **headers)


def settle(phone: Phone, body: Body, before: tuple[int, ...]) -> tuple[int, ...]:
    """The counts after the body, once it is sure that they are what its answer says."""
    upload = uuid.uuid4()
    status, answer = put(phone, body, upload)
    if status != 201:
        assert 400 <= status < 500, answer
        (error,) = answer["errors"]
        assert error["code"] and error["message"] and isinstance(answer["retry"], bool)
        assert counts() == before
        return before
    assert answer["sent"] == answer["stored"] + answer["refused"]
    kept = Upload.objects.get(public_id=upload)
    assert (kept.n_sent, kept.n_stored) == (answer["sent"], answer["stored"])
    assert sum(chunk.n_rows for chunk in kept.chunks.all()) == answer["stored"]
    _require_readable(kept)
    assert put(phone, body, upload) == (200, answer)
    return counts()


def _require_readable(kept: Upload) -> None:
    """Every stored value is one that the catalogue allows."""
    for chunk in kept.chunks.all():
        table = chunks.load(kept.enrollment, chunk)
        assert table.num_rows == chunk.n_rows
        if chunk.stream == "battery":
            levels, words = table["level"].to_pylist(), table["status"].to_pylist()
            assert all(0 <= level <= 100 for level in levels)
            assert set(words) <= set(STREAMS["battery"].column("status").words)


def test_damaged_bodies(phone: Phone, folder: Path) -> None:
    before, n_stored = counts(), 0
    for seed in range(MUTATIONS):
        try:
            after = settle(phone, mutated(seed), before)
        except AssertionError as error:
            raise AssertionError(f"mutation {seed}") from error
        n_stored += after != before
        before = after
    assert 0 < n_stored / MUTATIONS < 0.6  # some damage does no harm; most does


def test_bombs(phone: Phone) -> None:
    before = counts()
    for body in bombs():
        assert len(body.sent) < 200_000
        assert settle(phone, body, before) == before


@pytest.fixture(autouse=True)
def _many_uploads(settings: Any) -> None:
    settings.UPLOADS_PER_HOUR = settings.UPLOAD_DAY_BYTES = settings.UPLOADS_WAIT_S = 0
