"""The copy of everything: complete, sealed until fetched, and only for the person."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone
from pyarrow import parquet

from coach.decisions.models import Decision
from phenotyping.intake import room
from phenotyping.intake.models import Chunk, UploadPart
from phenotyping.intake.reading import read
from tests import factories
from tests.factories import JOINED_AT, coaching
from tests.factories.phone import local
from tests.wellness.gateways.conftest import NOTE, copied
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.gateways.models import Takeout
from wellness.gateways.takeout import pieces, progress, services
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import issue_device
from wellness.work.kinds import run_one


def _json(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(f"{name}.json"))


def test_everything_is_in_it_inferences_and_reasons_included(ada: Enrollment, lived: Decision) -> None:
    takeout, archive = copied(ada)
    assert archive.testzip() is None
    assert takeout.n_bytes == sum(len(piece) for piece in pieces.read(takeout))
    first, second = _json(archive, "answers")
    assert {first["corrected_because"], second["corrected_because"]} == {NOTE, None}
    (decision,) = _json(archive, "decisions")
    assert decision["probability"] == lived.propensity
    assert decision["context"] and decision["why"]
    assert {row["measure"] for row in _json(archive, "days")} >= {"survey.mood"}
    assert all(row["unit"] is not None and "expected_min" in row for row in _json(archive, "days"))
    assert _json(archive, "consent")["events"][0]["action"] == "grant"
    assert "takeout.ask" in {entry["action"] for entry in _json(archive, "access")["entries"]}
    assert parquet.read_table(io.BytesIO(archive.read("days.parquet"))).num_rows == len(
        _json(archive, "days")
    )
    page = archive.read("index.html").decode()
    assert "samples/battery.parquet" in page and decision["why"].split(".")[0] in page


def test_samples_are_what_reading_gives_and_add_up_to_the_receipts(ada: Enrollment, lived: Decision) -> None:
    _, archive = copied(ada)
    table = parquet.read_table(io.BytesIO(archive.read("samples/battery.parquet")))
    at = local(coaching.TUESDAY, "00:00")
    expected = read(ada, ["battery"], at - timedelta(days=2), at + timedelta(days=2))["battery"]
    assert table["time"].cast("int64").to_pylist() == expected["time"].tolist()
    assert np.array_equal(table["level"].to_numpy(), expected["level"])
    assert table["status"].to_pylist() == expected["status"].tolist()
    assert table.schema.field("level").metadata == {b"unit": b"%"}
    tally = _json(archive, "manifest")["files"]["samples/battery.parquet"]
    stored = sum(UploadPart.objects.filter(stream="battery").values_list("n_stored", flat=True))
    assert tally["n_stored"] == stored == tally["n_rows"] + tally["n_copies"] + tally["n_unreadable"]
    assert tally["n_copies"] == tally["n_rows"] > 0


def test_a_chunk_that_does_not_open_is_counted_and_the_rest_is_there(
    ada: Enrollment, lived: Decision
) -> None:
    broken = Chunk.objects.filter(stream="battery").order_by("pk")[0]
    Chunk.objects.filter(pk=broken.pk).update(sealed=b"x" * 64)
    _, archive = copied(ada)
    tally = _json(archive, "manifest")["files"]["samples/battery.parquet"]
    assert tally["n_unreadable"] == broken.n_rows
    assert tally["n_rows"] > 0 and tally["n_copies"] == 0


def test_nothing_of_it_is_in_clear_in_storage(ada: Enrollment, lived: Decision, settings: Any) -> None:
    takeout, _ = copied(ada)
    folder = f"takeouts/{ada.public_id}/{takeout.public_id}"
    names = storages["default"].listdir(folder)[1]
    assert [[int(name.split("-")[0]), 1] for name in names] == takeout.runs
    sealed = storages["default"].open(f"{folder}/{names[0]}").read()
    assert b"PK\x03\x04" not in sealed and NOTE.encode() not in sealed


def test_asking_twice_makes_one_copy_and_a_week_ends_it(ada: Enrollment) -> None:
    now = timezone.now()
    first = services.ask(enrollment=ada, actor=ada.user.actor, now=now)
    assert services.ask(enrollment=ada, actor=ada.user.actor, now=now).pk == first.pk
    assert run_one("takeout", first.pk, now)
    assert services.expire(now + timedelta(days=6)) == 0
    assert services.expire(now + timedelta(days=8)) == 1
    assert storages["default"].listdir(f"takeouts/{ada.public_id}/{first.public_id}")[1] == []


def test_three_copies_a_week_are_enough(ada: Enrollment) -> None:
    for _ in range(services.MOST_KEPT):
        copied(ada)
    with pytest.raises(Refusal, match="3 copies are ready"):
        copied(ada)
    later = timezone.now() + timedelta(days=8)
    assert services.ask(enrollment=ada, actor=ada.user.actor, now=later).state == Takeout.State.ASKED


def test_a_storage_that_does_not_answer_is_asked_again(
    ada: Enrollment, monkeypatch: pytest.MonkeyPatch
) -> None:
    takeout, now = copied(ada)[0], timezone.now()
    with monkeypatch.context() as broken:
        broken.setattr(storages["default"], "delete", Mock(side_effect=OSError("away")))
        assert services.expire(now + timedelta(days=8)) == 0
    assert services.expire(now + timedelta(days=8)) == 1
    assert storages["default"].listdir(f"takeouts/{ada.public_id}/{takeout.public_id}")[1] == []


def test_who_is_forgotten_meanwhile_leaves_no_piece(
    ada: Enrollment, lived: Decision, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = services.ask(enrollment=ada, actor=ada.user.actor, now=timezone.now())
    keep = progress.keep

    def forgotten_at_the_end(*args: Any) -> None:
        keep(*args)
        keys.shred(ada, now=timezone.now())

    monkeypatch.setattr(progress, "keep", forgotten_at_the_end)
    run_one("takeout", asked.pk, timezone.now())
    asked.refresh_from_db()
    assert asked.state == Takeout.State.ASKED
    assert storages["default"].listdir(f"takeouts/{ada.public_id}/{asked.public_id}")[1] == []


def test_the_page_asks_and_gives_the_file_to_its_person_only(
    ada: Enrollment, bea: User, cal: User, client: Client
) -> None:
    client.force_login(ada.user)
    assert client.post("/app/privacy/takeout/").status_code == 302
    assert "in the making" in client.get("/app/privacy/takeout/").content.decode()
    takeout = Takeout.objects.get()
    address = f"/app/privacy/takeout/{takeout.public_id}/"
    assert client.get(address).status_code == 404  # not made yet
    assert run_one("takeout", takeout.pk, timezone.now())
    assert address in client.get("/app/privacy/takeout/").content.decode()
    response = client.get(address)
    body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert (response["Content-Type"], len(body)) == ("application/zip", int(response["Content-Length"]))
    assert response["Cache-Control"] == "no-store"
    assert AuditEntry.objects.filter(action="takeout.fetch", object=f"takeout:{takeout.public_id}").exists()
    other = factories.enrollment(ada.study, "bob", joined_at=JOINED_AT)
    for stranger in (bea, cal, other.user):
        client.force_login(stranger)
        assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302


def test_a_phone_asks_and_fetches_its_own_persons_copy_only(
    ada: Enrollment, device: tuple[Device, str], client: Client
) -> None:
    signed = {"HTTP_AUTHORIZATION": f"Bearer {device[1]}"}
    asked = client.post("/api/v1/takeouts", **signed)
    assert (asked.status_code, asked.json()["state"]) == (202, "asked")
    assert client.post("/api/v1/takeouts", **signed).json() == asked.json()
    address = f"/api/v1/takeouts/{asked.json()['id']}/file"
    assert client.get(address, **signed).status_code == 404  # not made yet
    assert run_one("takeout", Takeout.objects.get().pk, timezone.now())
    (told,) = client.get("/api/v1/takeouts", **signed).json()["takeouts"]
    body = b"".join(client.get(address, **signed).streaming_content)  # type: ignore[attr-defined]
    assert (told["state"], told["n_bytes"]) == ("made", len(body))
    other = factories.enrollment(ada.study, "bob", joined_at=JOINED_AT)
    _, token = issue_device(enrollment=other, platform="ios", now=JOINED_AT)
    assert client.get(address, HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 404
    assert client.get("/api/v1/takeouts", HTTP_AUTHORIZATION=f"Bearer {token}").json() == {"takeouts": []}
    assert client.get(address).status_code == 401


def test_downloads_leave_threads_for_answers_and_give_their_place_back(
    ada: Enrollment,
    device: tuple[Device, str],
    client: Client,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.UPLOADS_AT_ONCE = 1
    monkeypatch.setattr(room, "SMALL_BODY", 100)
    takeout, signed = copied(ada)[0], {"HTTP_AUTHORIZATION": f"Bearer {device[1]}"}
    api, page = f"/api/v1/takeouts/{takeout.public_id}/file", f"/app/privacy/takeout/{takeout.public_id}/"
    client.force_login(ada.user)
    fetched = AuditEntry.objects.filter(action="takeout.fetch")
    n_before = fetched.count()
    slow = client.get(page)
    assert slow.status_code == 200
    refused = client.get(api, **signed)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (503, "busy")
    assert int(refused["Retry-After"]) > 0
    assert b"are under way" in client.get(page, follow=True).content
    assert fetched.count() == n_before + 1
    slow.close()
    body = b"".join(client.get(api, **signed).streaming_content)  # type: ignore[attr-defined]
    assert len(body) == takeout.n_bytes
