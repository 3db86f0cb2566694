"""Where objects are kept in tests: a local folder, or a bucket of an S3 server that runs in this process."""

import logging
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from botocore.loaders import Loader
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer

from phenotyping.intake.models import Chunk
from phenotyping.intake.s3 import S3

NOBODY = {"access_key": "nobody", "secret_key": "nothing", "region_name": "us-east-1"}
NO_AWS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


# Each session of boto3 reads the descriptions of all services, half a second long; here all share one.
DESCRIPTIONS = Loader()


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of an empty S3 server on this machine."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    shared = mock.patch("botocore.session.create_loader", return_value=DESCRIPTIONS)
    with mock.patch.dict(os.environ, NO_AWS), shared:
        server.start()
        try:
            yield "http://{}:{}".format(*server.get_host_and_port())
        finally:
            server.stop()


def local(folder: Path) -> dict[str, Any]:
    """STORAGES["chunks"] for a local folder."""
    return {"BACKEND": "phenotyping.intake.storage.DurableFileStorage", "OPTIONS": {"location": str(folder)}}


def bucket(address: str) -> dict[str, Any]:
    """STORAGES["chunks"] for a new bucket of an S3 server."""
    options = NOBODY | {"endpoint_url": address, "bucket_name": f"chunks-{uuid.uuid4().hex}"}
    S3(**options).bucket.create()
    return {"BACKEND": "phenotyping.intake.s3.S3", "OPTIONS": options}


def objects(folder: str = "") -> list[str]:
    """The names of all objects."""
    folders, names = storages["chunks"].listdir(folder)
    below = [one for name in folders for one in objects(f"{folder}{name}/")]
    return [*below, *(folder + name for name in names)]


def replace(name: str, sealed: bytes | None) -> None:
    """Put other bytes in an object's place, or none."""
    storages["chunks"].delete(name)
    if sealed is not None:
        storages["chunks"].save(name, ContentFile(sealed))


def keep(chunk: Chunk, sealed: bytes | None) -> None:
    """Put other bytes in a chunk's place, or none."""
    if chunk.object_name is None:
        Chunk.objects.filter(pk=chunk.pk).update(sealed=sealed)
        return
    replace(chunk.object_name, sealed)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of this size ("256k") on a new folder; the test is skipped where none can be mounted."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        subprocess.run(command, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a small file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def grow(folder: Path, size: str) -> None:
    """Give the small file system more room."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)
