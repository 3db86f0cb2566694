"""A web server of this site's own, for as long as a demo sends to it."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from django.conf import settings

from wellness.children import Children

START_S = 30.0
GRACE_S = 10.0


class ServerDidNotStart(Exception):
    """The web server ended, or did not answer in time."""


@contextmanager
def served(*options: str, workers: int = 2, threads: int = 4) -> Iterator[str]:
    """The address ("127.0.0.1:port") of a running web server; it is gone when the block ends.

    `options` are more words for gunicorn.
    """
    port = _free_port()
    address = f"127.0.0.1:{port}"
    children = Children(settings.BASE_DIR)
    try:
        web = ["--bind", address, "--workers", str(workers), "--threads", str(threads), "--no-control-socket"]
        web += ["--env", "UPLOADS_WAIT_S=0"]  # in simulated time a day waits until it is over
        web += ["--config", "python:wellness.webserver", "--log-level", "error"]
        children.start("web server", "gunicorn", "wellness.wsgi:application", *web, *options)
        _await(address, children)
        yield address
    finally:
        children.stop(GRACE_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(address: str, children: Children) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and children.first_dead() is None:
        connection = HTTPConnection(address, timeout=2)
        try:
            connection.request("GET", "/health/live")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise ServerDidNotStart(f"no web server answers on {address} (pid {os.getpid()})")
