"""Bombs and damaged bodies, to a real server: its processes never take 100 MB more than they did before.

MUTATIONS says how many damaged ones.
"""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from phenotyping.intake.decoding.formats import PARQUET
from tests import template
from tests.phenotyping.intake.mutations import SOUND, Body, bombs, mutated
from tests.phenotyping.intake.test_intake_parallel import (
    COUNT,
    FOUND_A_PERSON,
    ROOT,
    Server,
    _free_port,
    _started,
)

pytestmark = pytest.mark.server
MOST_KB = 100_000
MUTATIONS = int(os.environ.get("MUTATIONS", "30"))


def _tree(pid: int) -> list[int]:
    """A process and those it started, at any remove."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    children = [one for thread in threads for one in (thread / "children").read_text().split()]
    return [pid, *(below for child in children for below in _tree(int(child)))]


def _peak_kb(pid: int) -> int:
    """The most memory that each of them ever had, in all."""
    statuses = (Path(f"/proc/{one}/status").read_text() for one in _tree(pid))
    return sum(int(status.split("VmHWM:")[1].split()[0]) for status in statuses)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Server, int]]:
    """One web process, and the id of the one that keeps it."""
    port = _free_port()
    with template.database(tmp_path, "intake") as url:
        environ = {"VAR_DIR": str(tmp_path), "DATABASE_URL": url, "DOTENV": os.devnull, "HOME": str(tmp_path)}
        environ |= {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "UPLOADS_WAIT_S": "0"}
        made = Server(port, "", environ)
        made.token = str(made.run(FOUND_A_PERSON))
        process = _started(environ, port, workers=1)
        try:
            yield made, process.pid
        finally:
            process.terminate()
            process.wait(30)


def test_bad_bodies_cost_little(server: tuple[Server, int]) -> None:
    phone, pid = server
    media, query, _, body = next(one for one in SOUND if one[0] == PARQUET)
    assert _put(phone, Body(media, query, "", body)) == 201
    stored, peak_kb = phone.run(COUNT), _peak_kb(pid)
    assert len(_tree(pid)) == 3  # the keeper, the web process and its cell
    for bomb in bombs():
        assert 400 <= _put(phone, bomb) < 500
        assert _peak_kb(pid) - peak_kb < MOST_KB
    assert phone.run(COUNT) == stored
    for seed in range(MUTATIONS):
        status = _put(phone, mutated(seed))
        assert status == 201 or 400 <= status < 500, seed
        assert _peak_kb(pid) - peak_kb < MOST_KB, seed


def _put(phone: Server, body: Body) -> int:
    headers = dict(body.claims) | {"Content-Type": body.media}
    if body.encoding:
        headers["Content-Encoding"] = body.encoding
    return phone.put(f"{uuid.uuid4()}{body.query}", body.sent, **headers)[0]  # type: ignore[arg-type]
