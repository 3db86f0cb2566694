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

import psycopg
import pytest

from tests.phenotyping.intake.conftest import screen

ROOT = Path(__file__).parents[3]
TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "")
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


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[str]:
    """A new database beside the one under test, of the same kind."""
    if not TEST_DATABASE_URL:
        yield f"sqlite:///{folder / 'wellness.sqlite3'}"
        return
    name = f"intake_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(TEST_DATABASE_URL, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        try:
            yield f"{TEST_DATABASE_URL.rsplit('/', 1)[0]}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def _started(environ: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "wellness.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen([*command, "--workers", "2", "--threads", "8"], cwd=ROOT, env=environ)
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with _database(folder) as url:
        environ = {"VAR_DIR": str(folder), "DATABASE_URL": url, "DOTENV": os.devnull, "HOME": str(folder)}
        environ |= {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        _manage(environ, "migrate", "--verbosity", "0")
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


def test_a_hundred_megabytes_are_refused(server: Server) -> None:
    status, answer = server.put(uuid.uuid4(), b" " * 100_000_000)
    assert (status, json.loads(answer)["errors"][0]["code"]) == (413, "too_large")
