"""A real server whose disk fills up: it says so, keeps nothing half, and takes the same uploads later."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.phenotyping.intake import stores
from tests.phenotyping.intake.conftest import NOON_MS
from tests.phenotyping.intake.test_intake_parallel import Server, _free_port, _started, server

__all__ = ["server"]
pytestmark = pytest.mark.server
N_UPLOADS, N_ROWS = 16, 6_000
LEDGER = """
import json
from phenotyping.intake import orphans
from phenotyping.intake.models import Upload
from phenotyping.intake.reading import read
from phenotyping.intake.verification import verify_person
from wellness.lib.clock import from_us
from wellness.studies.models import Enrollment
ada = Enrollment.objects.get()
found = read(ada, ["accelerometer"], from_us(0), from_us(2**52))["accelerometer"]["time"].size
n_faults = len(verify_person(ada).faults)
print(json.dumps([Upload.objects.count(), int(found), n_faults, len(list(orphans.orphans()))]))
"""


@pytest.fixture
def cramped(server: Server) -> Iterator[tuple[Server, Path]]:
    """A second server on the same data, which keeps objects on a disk of 256 KiB until it is full."""
    folder = Path(server.environ["VAR_DIR"]) / "chunks"
    with stores.small_disk(folder, "256k"):
        port = _free_port()
        process = _started(server.environ | {"DISK_FREE_SHARE": "0", "DISK_FREE_BYTES": "0"}, port)
        try:
            yield Server(port, server.token, server.environ), folder
        finally:
            process.terminate()
            process.wait(30)


def body(n: int) -> bytes:
    """Acceleration that does not compress, of its own six seconds."""
    noise = np.random.default_rng(n).normal(size=(3, N_ROWS)).round(4)
    times = (NOON_MS + n * N_ROWS + np.arange(N_ROWS)).tolist()
    axes = {name: values.tolist() for name, values in zip("xyz", noise, strict=True)}
    return json.dumps({"streams": {"accelerometer": {"time": times} | axes}}).encode()


def test_uploads_to_a_full_disk_are_refused_whole_and_kept_when_there_is_room(
    cramped: tuple[Server, Path],
) -> None:
    phones, folder = cramped
    uploads = {uuid.uuid4(): body(n) for n in range(N_UPLOADS)}

    def send(upload: uuid.UUID) -> tuple[int, bytes]:
        return phones.put(upload, uploads[upload])

    with ThreadPoolExecutor(4) as pool:
        first = dict(zip(uploads, pool.map(send, uploads), strict=True))
        refused = {upload: json.loads(answer) for upload, (status, answer) in first.items() if status != 201}
        assert {status for status, _ in first.values()} == {201, 507}
        assert {(one["errors"][0]["code"], one["retry"]) for one in refused.values()} == {
            ("storage_full", True)
        }
        files = [one for one in folder.rglob("*") if one.is_file()]
        assert len(files) == N_UPLOADS - len(refused)  # none half, none besides
        stores.grow(folder, "64m")
        again = dict(zip(uploads, pool.map(send, uploads), strict=True))
    assert {status for upload, (status, _) in again.items() if upload in refused} == {201}
    assert all(again[upload] == (200, first[upload][1]) for upload in uploads if upload not in refused)
    assert phones.run(LEDGER) == [N_UPLOADS, N_UPLOADS * N_ROWS, 0, 0]
