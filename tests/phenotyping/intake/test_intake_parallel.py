"""The same upload twenty times at once, to a real server: stored once, twenty identical receipts."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from random import Random

import pytest

from tests import template
from tests.phenotyping.intake.conftest import NOON_MS, screen

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.server

FOUND_A_PERSON = """
import json
from datetime import UTC, datetime
from tests import factories
from wellness.studies.services import issue_device
ada = factories.enrollment(factories.study())
factories.agree_to_everything(ada)
print(json.dumps(issue_device(enrollment=ada, platform="android", now=datetime.now(UTC))[1]))
"""
COUNT = """
import json
from phenotyping.intake.models import Chunk, Upload, UploadPart
from phenotyping.intake.reading import read
from wellness.lib.clock import from_us
from wellness.studies.models import Enrollment
ada = Enrollment.objects.get()
found = read(ada, ["screen"], from_us(0), from_us(2**52))
n_rows = int(found["screen"]["time"].size)
print(json.dumps([*(model.objects.count() for model in (Upload, UploadPart, Chunk)), n_rows]))
"""


@dataclass
class Server:
    """A gunicorn with its own folder and database."""

    port: int
    token: str
    environ: dict[str, str]

    def put(self, upload: uuid.UUID, body: bytes, **headers: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"} | headers
            with contextlib.suppress(
                BrokenPipeError, ConnectionResetError
            ):  # it need not read what it refuses
                connection.request("PUT", f"/api/v1/uploads/{upload}", body, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def run(self, code: str) -> object:
        return json.loads(_manage(self.environ, "shell", "--verbosity", "0", "-c", code).splitlines()[-1])


def _manage(environ: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _started(environ: dict[str, str], port: int, workers: int = 2) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "wellness.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--config", "python:wellness.webserver", "--workers", str(workers), "--threads", "8"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ)
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process
        time.sleep(0.1)
    process.kill()
    raise AssertionError("the server did not start")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    port = _free_port()
    with template.database(folder, "intake") as url:
        environ = {"VAR_DIR": str(folder), "DATABASE_URL": url, "DOTENV": os.devnull, "HOME": str(folder)}
        environ |= {"CHUNK_ROW_BYTES": "0", "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        made = Server(port, "", environ)
        made.token = str(made.run(FOUND_A_PERSON))
        process = _started(environ, port)
        try:
            yield made
        finally:
            process.terminate()
            process.wait(30)


def test_twenty_copies_at_once_are_stored_once(server: Server) -> None:
    upload, body = uuid.uuid4(), json.dumps({"streams": {"screen": screen(1_000)}}).encode()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: server.put(upload, body), range(20)))
    assert sorted(status for status, _ in answers) == [200] * 19 + [201]
    assert len({receipt for _, receipt in answers}) == 1
    assert server.run(COUNT) == [1, 1, 1, 1_000]
    objects = [one for one in Path(server.environ["VAR_DIR"], "chunks").rglob("*") if one.is_file()]
    assert len(objects) == 1


def test_every_upload_up_to_five_times_shuffled(server: Server) -> None:
    """Thirty uploads, twenty requests at once in any order: one effect and one receipt each."""
    uploads_before, parts_before, chunks_before, rows_before = server.run(COUNT)  # type: ignore[misc]
    random = Random(5)
    sent = {uuid.uuid4(): screen(50, NOON_MS + 100_000 * (k + 20)) for k in range(30)}
    bodies = {upload: json.dumps({"streams": {"screen": rows}}).encode() for upload, rows in sent.items()}
    copies = [upload for upload in sent for _ in range(random.randint(1, 5))]
    random.shuffle(copies)
    with ThreadPoolExecutor(20) as pool:
        answers = list(zip(copies, pool.map(lambda one: server.put(one, bodies[one]), copies), strict=True))
    for upload in sent:
        mine = [answer for one, answer in answers if one == upload]
        assert sorted(status for status, _ in mine) == [200] * (len(mine) - 1) + [201]
        assert len({receipt for _, receipt in mine}) == 1
    assert server.run(COUNT) == [
        uploads_before + 30,
        parts_before + 30,
        chunks_before + 30,
        rows_before + 1_500,
    ]


def test_a_hundred_megabytes_are_refused(server: Server) -> None:
    status, answer = server.put(uuid.uuid4(), b" " * 100_000_000)
    assert (status, json.loads(answer)["errors"][0]["code"]) == (413, "too_large")


@pytest.fixture
def full(server: Server) -> Iterator[Server]:
    """A second server on the same data, with low disks, which hears a phone three times an hour."""
    port, limits = _free_port(), {"DISK_FREE_SHARE": "1", "UPLOADS_PER_HOUR": "3"}
    server.run("from phenotyping.surveys.instruments import load_instruments; load_instruments(); print(0)")
    process = _started(server.environ | limits, port, workers=1)
    try:
        yield Server(port, server.token, server.environ)
    finally:
        process.terminate()
        process.wait(30)


def test_a_full_server_answers_before_a_body_is_sent_and_hears_a_call_for_help(full: Server) -> None:
    codes = []
    for _ in range(4):
        with contextlib.closing(HTTPConnection("127.0.0.1", full.port, timeout=60)) as connection:
            connection.putrequest("PUT", f"/api/v1/uploads/{uuid.uuid4()}")
            for name, value in (("Authorization", f"Bearer {full.token}"), ("Content-Length", "8000000")):
                connection.putheader(name, value)
            connection.endheaders()  # and not a byte of the body
            answer = connection.getresponse()
            codes.append((answer.status, json.loads(answer.read())["errors"][0]["code"]))
            assert int(answer.headers["Retry-After"]) >= 30
    assert codes == [(503, "storage_low")] * 3 + [(429, "too_many_uploads")]
    sheet = {
        "id": str(uuid.uuid4()),
        "instrument": "check-in",
        "recorded_at": NOON_MS,
        "values": {"support": 2},
    }
    with contextlib.closing(HTTPConnection("127.0.0.1", full.port, timeout=30)) as connection:
        headers = {"Authorization": f"Bearer {full.token}", "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/answers", json.dumps(sheet), headers)
        answer = connection.getresponse()
        assert (answer.status, bool(json.loads(answer.read())["support"])) == (201, True)
    for part, status in (("live", 200), ("ready", 503)):
        with contextlib.closing(HTTPConnection("127.0.0.1", full.port, timeout=30)) as connection:
            connection.request("GET", f"/health/{part}")
            assert connection.getresponse().status == status
