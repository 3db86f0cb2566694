"""The canary on a real server: its database file and journal, objects, broker folder and what it prints."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from uuid import uuid4

import pytest

from tests import template
from tests.canary.needles import Plant, found

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120
pytestmark = pytest.mark.server
PLANTS: dict[str, Plant] = {
    name: f"Wryneck-e-{name.replace(' ', '-')}"
    for name in ("first name", "password", "agent", "query", "model", "body", "page", "code")
} | {"address": "wryneck-address@example.org", "latitude": 61.49785129, "longitude": 23.76098763}
MADE = """
import django; django.setup()
from django.core.management import call_command
from django.conf import settings
if not (settings.STATIC_ROOT / "staticfiles.json").exists():
    call_command("collectstatic", verbosity=0, interactive=False)
from tests import factories
from wellness.accounts.models import User
from wellness.studies.models import Enrollment
from wellness.studies.services import issue_device
from wellness.work.tasks import run
person = factories.enrollment(factories.study())
factories.agree_to_everything(person)
user = person.user
user.email, user.first_name = {address!r}, {name!r}
user.save()
_, token = issue_device(enrollment=person, platform="ios", model_name={model!r}, now=factories.JOINED_AT)
run.apply_async(("day", 1), queue="compute")
print(token)
"""


class Server:
    """A web server in a folder of its own, and a browser and a phone that ask it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.printed = folder, folder / "printed"
        self.environ = {
            "VAR_DIR": str(folder / "var"),
            "DOTENV": os.devnull,
            "LOG_LEVEL": "DEBUG",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "wellness.settings",
        }
        template.sqlite_copy(folder / "var")
        plants = {"address": PLANTS["address"], "name": PLANTS["first name"], "model": PLANTS["model"]}
        made = subprocess.run(
            [sys.executable, "-c", MADE.format(**plants)],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        self.token = made.stdout.strip()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.browser.addheaders = [("User-Agent", str(PLANTS["agent"]))]
        words = [
            "--bind",
            self.address[7:],
            "--access-logfile",
            "-",
            "--log-level",
            "debug",
            "--no-control-socket",
        ]
        with self.printed.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "wellness.wsgi:application", *words],
                cwd=ROOT,
                env=self.environ,
                stdout=out,
                stderr=out,
            )

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        """Status and text of an answer."""
        method = headers.pop("method", None)
        request = urllib.request.Request(self.address + path, body, headers, method=method)  # noqa: S310  ours
        try:
            with self.browser.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def is_up(self) -> bool:
        try:
            return self.ask("/health/live")[0] == 200
        except OSError:
            return False

    def sign_in(self, password: object) -> int:
        _, page = self.ask(f"/accounts/login/?q={PLANTS['query']}")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, self.printed.read_text()[-3000:]
        form = {"login": PLANTS["address"], "password": password, "csrfmiddlewaretoken": token[1]}
        status, _ = self.ask("/accounts/login/", urllib.parse.urlencode(form).encode(), Referer=self.address)
        return status


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path)
    until = time.monotonic() + PATIENCE_S
    try:
        while not started.is_up():
            assert time.monotonic() < until and started.process.poll() is None, started.printed.read_text()
            time.sleep(0.2)
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def test_a_server_writes_nothing_of_what_it_hears(server: Server) -> None:
    assert server.sign_in(PLANTS["password"]) == 422
    assert server.sign_in("correct horse battery") == 200
    server.ask(f"/{PLANTS['page']}/?q={PLANTS['query']}")
    server.ask(f"/join/?code={PLANTS['code']}")
    phone = {"method": "PUT", "Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    gps = {
        "time": [1_767_700_000_000.0],
        "latitude": [PLANTS["latitude"]],
        "longitude": [PLANTS["longitude"]],
    }
    kept = server.ask(f"/api/v1/uploads/{uuid4()}", json.dumps({"streams": {"gps": gps}}).encode(), **phone)
    assert (kept[0], json.loads(kept[1])["stored"]) == (201, 1)
    status, _ = server.ask(f"/api/v1/uploads/{uuid4()}", str(PLANTS["body"]).encode(), **phone)
    assert status == 400
    files = [path for path in server.folder.rglob("*") if path.is_file() and "keys" not in path.parts]
    assert {"wellness.sqlite3", "wellness.sqlite3-wal", "printed"} <= {path.name for path in files}
    assert any("broker" in path.parts for path in files)
    assert {path.name: seen for path in files if (seen := found(PLANTS, path.read_bytes()))} == {}
    token = {"token": server.token}
    assert {path.name: seen for path in files if (seen := found(token, path.read_bytes()))} == {}
    assert "GET (not told)" in server.printed.read_text()
