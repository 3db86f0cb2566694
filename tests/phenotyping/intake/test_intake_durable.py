"""Storage: an object is whole or absent, on a local disk and in a bucket; a full one recovers by itself."""

import errno
import os
import resource
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import OperationalError, connection
from pytest_django import Settings

from phenotyping.intake import hooks, orphans
from phenotyping.intake.models import Chunk, Upload
from phenotyping.intake.reading import read
from tests.phenotyping.intake import stores
from tests.phenotyping.intake.conftest import NOON, NOON_MS, Phone, screen
from tests.phenotyping.intake.stores import objects
from wellness.lib.clock import utc_now
from wellness.studies.models import Enrollment

NAME = "0f5e4c1e-5f0a-4e2a-9d3c-6a2b7c8d9e0f/gps/one"
HOUR = timedelta(hours=1)


def save(name: str = NAME, size: int = 60_000) -> str:
    return storages["chunks"].save(name, ContentFile(b"x" * size))


def noise(n: int = 4_000) -> dict[str, Any]:
    """Acceleration that does not compress: n rows are more than 16 bytes each."""
    values = [[(i * step * 0.618_033_988) % 1 for i in range(n)] for step in (1, 31, 97)]
    return {"time": [NOON_MS + i for i in range(n)], **dict(zip("xyz", values, strict=True))}


def test_an_object_comes_back_and_goes(store: str) -> None:
    assert save() == NAME
    assert (storages["chunks"].open(NAME).read(), objects()) == (b"x" * 60_000, [NAME])
    storages["chunks"].delete(NAME)
    storages["chunks"].delete(NAME)
    assert objects() == []
    for use in (storages["chunks"].open, storages["chunks"].get_modified_time):
        with pytest.raises(FileNotFoundError):
            use(NAME)


def test_objects_that_no_row_names_are_collected(ada: Enrollment, phone: Phone, store: str) -> None:
    phone.send({"screen": screen()})
    save()
    until = utc_now() + settings.KEY_WINDOW  # so long a backup that names it may be restored
    assert [orphans.collect(until + late) for late in (-HOUR, HOUR)] == [0, 1]
    assert read(ada, ["screen"], NOON, NOON + HOUR)["screen"]["time"].size == 4


def test_files_are_their_owners_only_and_their_names_are_synced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    path = folder / save()
    assert [one.stat().st_mode & 0o777 for one in (path, path.parent, path.parent.parent)] == [
        0o600,
        0o700,
        0o700,
    ]
    parents = [str(one) for one in path.parents if one.is_relative_to(folder.parent)]
    assert set(synced) == {str(path) + ".part", *parents}
    assert synced[-1] == str(path.parent)  # after the file had its name
    synced.clear()
    save(NAME + "2")
    assert synced == [f"{path}2.part", str(path.parent)]


def test_a_name_is_used_once(folder: Path) -> None:
    save(size=10)
    with pytest.raises(FileExistsError):
        save(size=20)
    assert [one.stat().st_size for one in folder.rglob("*") if one.is_file()] == [10]


def test_a_write_that_stops_halfway_leaves_nothing(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [one for one in folder.rglob("*") if one.is_file()] == []
    assert save() == NAME


@pytest.mark.parametrize("call", ["link", "fsync"])
def test_a_step_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    save(NAME + "0")  # the folder is there
    real, n_calls = getattr(os, call), []

    def fail(*given: Any) -> Any:
        n_calls.append(given)
        if call == "link" or len(n_calls) == 2:  # the second sync is the folder's
            raise OSError(errno.EIO, "no")
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(OSError, match="no"):
            save()
    assert objects() == [NAME + "0"]


def test_a_bucket_that_is_full_or_gone(phone: Phone, settings: Settings, s3_address: str) -> None:
    settings.STORAGES = settings.STORAGES | {"chunks": stores.bucket(s3_address)}
    client = storages["chunks"].connection.meta.client
    for code, status, answer in (
        ("XMinioStorageFull", 507, (507, "storage_full")),
        ("SlowDown", 503, (503, "storage_unavailable")),
        ("AccessDenied", 403, (503, "storage_unavailable")),
    ):
        with Stubber(client) as stubber:
            for _ in range(4):
                stubber.add_client_error("put_object", code, http_status_code=status)
            got = phone.send({"screen": screen()})
        assert ((got[0], got[1]["errors"][0]["code"]), got[1]["retry"]) == (answer, True)
    assert (Upload.objects.count(), objects()) == (0, [])
    assert phone.send({"screen": screen()})[0] == 201
    storages["chunks"].bucket.objects.delete()
    storages["chunks"].bucket.delete()
    assert phone.send({"screen": screen()})[0] == 503


def test_a_bucket_that_does_not_answer_is_given_up_soon(phone: Phone, settings: Settings) -> None:
    nowhere = {"endpoint_url": "http://127.0.0.1:9", "bucket_name": "chunks"} | stores.NOBODY
    chunks = {"BACKEND": "phenotyping.intake.s3.S3", "OPTIONS": nowhere}
    settings.STORAGES = settings.STORAGES | {"chunks": chunks}
    config = storages["chunks"].client_config
    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (5, 30, 3)
    status, answer = phone.send({"screen": screen()})
    assert (status, answer["errors"][0]["code"], answer["retry"]) == (503, "storage_unavailable", True)


@pytest.fixture
def small_disk(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A file system of 256 KiB that objects are kept on."""
    folder = tmp_path / "small"
    settings.STORAGES = settings.STORAGES | {"chunks": stores.local(folder)}
    settings.DISK_FREE_SHARE = settings.DISK_FREE_BYTES = 0
    with stores.small_disk(folder, "256k"):
        yield folder


def test_a_full_disk_keeps_no_half_objects_and_recovers(
    ada: Enrollment, phone: Phone, small_disk: Path
) -> None:
    """Uploads go on until the disk is full and are sent again, the same, when there is room."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 100_000)
    refused = {}
    for n in range(6):
        upload, streams = f"00000000-0000-7000-8000-00000000000{n}", {"accelerometer": noise(3_000 + n)}
        status, answer = phone.send(streams, upload=upload)
        if status != 201:
            assert (status, answer["errors"][0]["code"], answer["retry"]) == (507, "storage_full", True)
            refused[upload] = streams
    n_kept = Upload.objects.count()
    assert 0 < n_kept < 6 and n_kept + len(refused) == 6
    assert sorted(objects()) == sorted(["ballast", *Chunk.objects.values_list("object_name", flat=True)])
    ballast.unlink()
    stores.grow(small_disk, "4m")
    for upload, streams in refused.items():
        assert phone.send(streams, upload=upload)[0] == 201
    found = read(ada, ["accelerometer"], NOON, NOON + HOUR)["accelerometer"]
    assert (Upload.objects.count(), found["time"].size) == (6, 3_005)


def test_a_full_database_keeps_nothing_of_an_upload(
    phone: Phone, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object) -> None:
        error = OperationalError("database or disk is full")
        error.__cause__ = type("DriverError", (Exception,), {"sqlstate": "53100"})()
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(hooks, "_listeners", [fill])
        status, answer = phone.send({"screen": screen()})
    assert (status, answer["errors"][0]["code"], answer["retry"]) == (507, "storage_full", True)
    assert (Upload.objects.count(), objects()) == (0, [])
    assert phone.send({"screen": screen()})[0] == 201


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite can be told to be full")
def test_a_real_sqlite_that_is_full_says_so(phone: Phone) -> None:
    phone.send({"screen": screen()})
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        (n_pages,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {n_pages}")
        try:
            answers = [phone.send({"accelerometer": noise(500)}) for _ in range(30)]
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    kept = [status for status, _ in answers].count(201)
    full = [answer for status, answer in answers if status == 507]
    assert full and kept + len(full) == 30
    assert {one["errors"][0]["code"] for one in full} == {"storage_full"}
    assert Upload.objects.count() == 1 + kept
    assert phone.send({"accelerometer": noise(500)})[0] == 201
