"""Phones that upload over kept connections."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from time import perf_counter, sleep
from uuid import uuid4

from wellness.bench.people import Phone

OWN = threading.local()

Sending = tuple[Phone, bytes]


class UploadRefused(Exception):
    """The server did not take a body that it should have taken."""


def put(address: str, phone: Phone, body: bytes, media: str, stream: str = "") -> float:
    """Seconds from sending a body to having its receipt; UploadRefused unless all of it is stored."""
    connection = _connection(address)
    path = f"/api/v1/uploads/{uuid4()}" + (f"?stream={stream}" if stream else "")
    began = perf_counter()
    connection.request("PUT", path, body, {"Authorization": f"Bearer {phone.token}", "Content-Type": media})
    answer = connection.getresponse()
    text = answer.read()
    took = perf_counter() - began
    if answer.status != 201 or json.loads(text)["refused"]:
        raise UploadRefused(f"{answer.status}: {text[:300]!r}")
    return took


def all_of(address: str, sendings: Sequence[Sending], media: str, stream: str, *, n_threads: int) -> float:
    """Seconds until some senders, each sending again as soon as it was answered, have sent all of it."""
    began = perf_counter()
    with ThreadPoolExecutor(n_threads) as pool:
        for took in [pool.submit(put, address, phone, body, media, stream) for phone, body in sendings]:
            took.result()
    return perf_counter() - began


def as_fast_as_possible(
    address: str, phones: Sequence[Phone], body: bytes, *, n_threads: int, for_s: float
) -> float:
    """Uploads a second when each of some senders sends again as soon as it was answered."""
    until = perf_counter() + for_s

    def send(first: int) -> int:
        n = 0
        while perf_counter() < until:
            put(address, phones[(first + n * n_threads) % len(phones)], body, "application/json")
            n += 1
        return n

    began = perf_counter()
    with ThreadPoolExecutor(n_threads) as pool:
        total = sum(pool.map(send, range(n_threads)))
    return total / (perf_counter() - began)


def steadily(
    address: str, phones: Sequence[Phone], body: bytes, *, per_s: float, n_threads: int, for_s: float
) -> list[float]:
    """Seconds from when each upload was due, at a steady rate, to its receipt: waiting in line counts."""
    began = perf_counter()

    def send(at: int) -> float:
        due = began + at / per_s
        sleep(max(0.0, due - perf_counter()))
        put(address, phones[at % len(phones)], body, "application/json")
        return perf_counter() - due

    with ThreadPoolExecutor(n_threads) as pool:
        return sorted(pool.map(send, range(max(1, int(per_s * for_s)))))


def _connection(address: str) -> HTTPConnection:
    """This thread's connection; it is opened again by itself when the server closed it."""
    known: HTTPConnection | None = getattr(OWN, "connection", None)
    if known is None or f"{known.host}:{known.port}" != address:
        known = OWN.connection = HTTPConnection(address, timeout=30)
    return known
