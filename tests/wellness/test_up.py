"""`manage.py up`: everything starts with one command and nothing of it is left when it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import template

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180  # a loaded machine takes long to start four processes
pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for what is left in /proc"),
]
Up = subprocess.Popen[str]
EMPTY = "empty"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(holds: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.1)
    return held


def _processes() -> Iterator[tuple[int, int, int, str]]:
    """Every living process: its id, its parent, its group and its command line."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, group = (folder / "stat").read_text().rpartition(") ")[2].split()[:3]
            arguments = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue  # ended while we looked
        if state != "Z":
            yield int(folder.name), int(parent), int(group), arguments


def _children(up: Up) -> dict[int, str]:
    """The living processes of the group that `up` started, by id: their command lines."""
    rows = list(_processes())
    groups = {group for _, parent, group, _ in rows if parent == up.pid} | getattr(up, "groups", set())
    up.groups = groups  # type: ignore[attr-defined]  known even when `up` itself is gone
    return {pid: arguments for pid, _, group, arguments in rows if group in groups}


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


def _command(folder: Path, port: int) -> Up:
    embedded = {"VAR_DIR": str(folder), "DOTENV": os.devnull, "PATH": os.environ["PATH"], "HOME": str(folder)}
    command = [sys.executable, "manage.py", "up", "--port", str(port), "--workers", "1"]
    return subprocess.Popen(
        command, cwd=ROOT, env=embedded, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture
def up(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Up]:
    """Started on an empty folder where a test asks for that, else on one with tables."""
    if getattr(request, "param", "") != EMPTY:
        template.sqlite_copy(tmp_path)
    port = _free_port()
    process = _command(tmp_path, port)
    try:
        assert _until(lambda: _answers(port) or process.poll() is not None, PATIENCE_S)
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert _until(
            lambda: sum(" worker " in args for args in _children(process).values()) >= 2, PATIENCE_S
        )
        yield process
    finally:
        left = _children(process)
        for pid in (process.pid, *left):
            if process.returncode is None or pid in left:
                os.kill(pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("up", [EMPTY], indirect=True)
def test_a_signal_stops_all_of_it(up: Up) -> None:
    up.terminate()
    output, _ = up.communicate(timeout=PATIENCE_S)
    assert up.returncode == 0, output
    assert _children(up) == {}
    assert all(
        word in output for word in ("http://127.0.0.1:", "worker", "beat", "SQLite", "broker", "Stopped.")
    )


def test_when_one_dies_the_others_are_stopped(up: Up) -> None:
    beat = next(pid for pid, args in _children(up).items() if " beat " in args)
    os.kill(beat, signal.SIGKILL)
    output, _ = up.communicate(timeout=PATIENCE_S)
    assert up.returncode == 1
    assert "The beat ended" in output
    assert _children(up) == {}


def test_killing_it_leaves_no_orphan(up: Up) -> None:
    up.kill()
    up.wait()
    assert _until(lambda: _children(up) == {}, PATIENCE_S)


def test_a_port_that_is_taken_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with _command(tmp_path, other.getsockname()[1]) as process:
            output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "Cannot listen on 127.0.0.1" in output
