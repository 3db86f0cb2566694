"""A connection that falls silent in the middle of a request gives its thread back."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = """
from wellness import webserver
from wellness.webserver import when_ready

webserver.SILENCE_S = 1
workers, threads, control_socket_disable, logger_class = 1, 1, True, "wellness.serverlog.ServerLogger"
"""
APPLICATION = """
def application(environ, start_response):
    try:
        body = environ["wsgi.input"].read()
    except OSError:
        body = b"cut"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
HALF_A_BODY = b"PUT / HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nhalf"
HALF_A_HEAD = b"PUT / HTTP/1.1\r\nHost: he"
pytestmark = pytest.mark.server


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Of a server with a single thread; what it logged is in `log`."""
    (tmp_path / "config.py").write_text(CONFIG)
    (tmp_path / "waiting.py").write_text(APPLICATION)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    arguments = ["--config", str(tmp_path / "config.py"), "--pythonpath", str(tmp_path)]
    arguments += ["--bind", f"127.0.0.1:{port}", "--log-file", str(tmp_path / "log"), "waiting"]
    server = subprocess.Popen([sys.executable, "-m", "gunicorn", *arguments], cwd=ROOT)
    until = time.monotonic() + 60
    while time.monotonic() < until and _asked(port) is None:
        time.sleep(0.1)
    yield port
    server.terminate()
    server.wait(30)


def _asked(port: int, timeout: float = 1) -> bytes | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("PUT", "/", b"hello")
        return connection.getresponse().read()
    except OSError:
        return None
    finally:
        connection.close()


@pytest.mark.parametrize("said", [HALF_A_BODY, HALF_A_HEAD], ids=["body", "head"])
def test_who_falls_silent_keeps_nobody_out(port: int, said: bytes, tmp_path: Path) -> None:
    with socket.create_connection(("127.0.0.1", port)) as gone:
        gone.sendall(said)
        time.sleep(0.3)  # it has the only thread now
        assert _asked(port, timeout=20) == b"hello"
    assert "Error" not in (tmp_path / "log").read_text()
