"""The canary: what is planted in every personal field is found nowhere that the server writes to."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import override_settings

from tests.canary import places
from tests.canary.life import GONE, PLANTS, Life
from tests.canary.needles import Plant, forms, found
from wellness.accounts.models import User
from wellness.lib import sealing
from wellness.studies.models import Study
from wellness.work.tasks import run

ECHOED = {"gone: bad note", "gone: bad stream"}  # names that the asking phone made up are told back to it
TEXT, NUMBER = "Wryneck-é-control", 48.85837009


@pytest.fixture(autouse=True)
def _nothing_before() -> None:
    for queue in places.Channel.queues.values():
        queue.queue.clear()
    cache.clear()


@pytest.fixture
def life(study: Study, bea: User, monkeypatch: pytest.MonkeyPatch) -> Life:
    return Life(study, bea, monkeypatch)


def test_what_is_planted_is_found_nowhere(life: Life, django_capture_on_commit_callbacks: Any) -> None:
    with places.log() as told:
        life.live(django_capture_on_commit_callbacks)
    everything = PLANTS | {f"gone: {name}": plant for name, plant in GONE.items()}
    assert {name: found(everything, look()) for name, look in places.PLACES.items()} == dict.fromkeys(
        places.PLACES, {}
    )
    assert found(everything, told.getvalue().encode()) == {}
    assert set(found(everything, b"\n".join(life.answers))) <= ECHOED
    assert "ValueError" in told.getvalue() and "tests.canary" in told.getvalue()
    assert places.broker() and places.cached() and len(mail.outbox) > 1 and len(life.answers) > 7


class Glass:
    """A cipher that hides nothing."""

    def __init__(self, key: bytes) -> None:
        pass

    def encrypt(self, nonce: bytes, data: bytes, context: bytes) -> bytes:
        return data + bytes(16)

    def decrypt(self, nonce: bytes, data: bytes, context: bytes) -> bytes:
        return data[:-16]


def test_without_sealing_each_is_found(
    life: Life, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "AESGCM", Glass)
    life.live(django_capture_on_commit_callbacks)
    assert set(PLANTS) - set(found(PLANTS, places.database() + places.files())) == set()
    assert found(GONE, places.database() + places.files()) == {}


@pytest.mark.parametrize("form", [form for form, _ in forms(TEXT)])
def test_a_text_is_found_in_every_form(form: str) -> None:
    needle = dict(forms(TEXT))[form]
    assert found({"it": TEXT}, b"\0\1" + needle + b"\2")


@pytest.mark.parametrize("plant", [TEXT, NUMBER])
@pytest.mark.parametrize("before", range(4))
def test_what_others_write_is_found(plant: Plant, before: int) -> None:
    raw = bytes(before) + (plant.encode() if isinstance(plant, str) else json.dumps(plant).encode()) + b"end"
    for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw), raw.hex().encode()):
        assert found({"it": plant}, encoded)
    if isinstance(plant, str):
        assert found({"it": plant}, json.dumps({"a": plant}).encode())
        assert found({"it": plant}, f"/x?q={quote(plant)}".encode())
        assert found({"it": plant}, plant.upper().replace("É", "é").encode())
    assert not found({"it": plant}, b"\0".join([b"Wryneck", b"control", b"48.8583"]))


def test_the_database_is_looked_through(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(name=TEXT)
    assert found({"it": TEXT}, places.database())


def test_the_folder_is_looked_through(settings: Any) -> None:
    path = Path(settings.VAR_DIR) / "chunks" / "canary"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(TEXT.encode())
    try:
        assert found({"it": TEXT}, places.files())
    finally:
        path.unlink()


def test_the_broker_is_looked_through() -> None:
    run.apply_async((TEXT, 1), queue="compute")
    assert found({"it": TEXT}, places.broker())


def test_the_cache_is_looked_through_names_and_values() -> None:
    cache.set("a", TEXT)
    assert found({"it": TEXT}, places.cached())
    cache.clear()
    with override_settings(CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}):
        cache.set(TEXT, 1)
        assert found({"it": TEXT}, places.cached())


def test_subjects_are_looked_through() -> None:
    EmailMessage(TEXT, "", to=["a@example.org"]).send()
    assert found({"it": TEXT}, places.subjects())


def test_the_log_is_looked_through() -> None:
    with places.log(logging.Formatter("%(message)s")) as told:
        try:
            raise ValueError(TEXT)
        except ValueError:
            logging.getLogger("wellness.work").debug("failed", exc_info=True)
    assert found({"it": TEXT}, told.getvalue().encode())
