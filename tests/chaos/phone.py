"""Phones: uploads that a seed determines, sent until a receipt settles them, and the ledger of the client."""

from __future__ import annotations

import csv
import gzip
import io
import json
import queue
import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import Any

from phenotyping.streams.catalogue import STREAMS

FROM_MS = int(datetime(2026, 1, 6, tzinfo=UTC).timestamp()) * 1_000
MINUTE_MS, DAY_MS = 60_000, 86_400_000
LONGEST_WAIT_S = 3.0

Row = tuple[Any, ...]  # the time in milliseconds, then the columns in the order of the catalogue
Table = list[Row]


@dataclass(frozen=True)
class Sending:
    """One upload as a phone will send it, over and over the same."""

    upload: str
    person: str
    body: bytes
    query: str
    headers: Mapping[str, str]
    rows: Mapping[str, Table]


@dataclass
class Ledger:
    """What the client knows: the receipt of each upload, and how the answers were."""

    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def sendings(seed: int, n: int, people: Sequence[str], *, n_days: int = 14) -> list[Sending]:
    """The uploads of all phones: mixed formats, the days in no order, some rows sent again, some refused."""
    return [_sending(seed, number, people, n_days) for number in range(n)]


def kept(sent: Sequence[Sending]) -> dict[str, dict[str, list[Row]]]:
    """By person and stream, the distinct rows that must be read back, sorted."""
    rows: defaultdict[str, defaultdict[str, set[Row]]] = defaultdict(lambda: defaultdict(set))
    for one in sent:
        for stream, table in one.rows.items():
            rows[one.person][stream] |= {row for row in table if not _refused(stream, row)}
    return {who: {name: sorted(table) for name, table in own.items()} for who, own in rows.items()}


def account(one: Sending) -> dict[str, tuple[int, int, int]]:
    """By stream, the rows sent, stored and refused that a right receipt tells."""
    counts = {}
    for stream, table in one.rows.items():
        n_refused = sum(_refused(stream, row) for row in table)
        counts[stream] = (len(table), len(table) - n_refused, n_refused)
    return counts


def _refused(stream: str, row: Row) -> bool:
    return stream == "battery" and row[1] > 100


def _sending(seed: int, number: int, people: Sequence[str], n_days: int) -> Sending:
    person = people[number % len(people)]
    draw = random.Random(f"{seed}/{number}")
    again = number >= 8 * len(people) and draw.random() < 0.1
    told = draw.randrange(number // len(people)) * len(people) + number % len(people) if again else number
    rows = _rows(random.Random(f"{seed}/{told}/rows"), n_days)
    upload = str(uuid.UUID(int=draw.getrandbits(128), version=4))
    form, boot = draw.choice(("columns", "rows", "csv")), draw.choice(("", "b1", "b2"))
    if form == "csv":
        stream = draw.choice(sorted(rows))
        rows = {stream: rows[stream]}
        query, media, body = f"?stream={stream}", "text/csv", _csv(stream, rows[stream], boot)
    else:
        query, media, body = "", "application/json", _json(rows, boot, by_row=form == "rows")
    headers = {"Content-Type": media} | ({"X-Boot-Id": boot} if boot else {})
    if draw.random() < 0.5:
        body, headers["Content-Encoding"] = gzip.compress(body, mtime=0), "gzip"
    return Sending(upload, person, body, query, headers, rows)


def _rows(draw: random.Random, n_days: int) -> dict[str, Table]:
    """A few hours of somebody's phone; one in eight with an hour and more of its accelerometer."""
    start = FROM_MS + draw.randrange(n_days * 24 * 60) * MINUTE_MS
    n = draw.randrange(4, 20)
    at = [start + k * 15 * MINUTE_MS for k in range(n)]
    rows: dict[str, Table] = {
        "battery": [(t, 150 if draw.random() < 0.02 else draw.randrange(101), "discharging") for t in at],
        "screen": [
            (t + lag, word)
            for t in at
            for lag, word in ((0, "on"), (9, "unlocked"), (draw.randrange(10, 700_000), "off"))
        ],
        "steps": [(t, draw.randrange(130), 60.0) for t in range(start, start + n * MINUTE_MS, MINUTE_MS)],
        "gps": [
            (
                t + 0.125,
                round(60 + draw.random() / 50, 6),
                round(24 + draw.random() / 50, 6),
                12.5,
                None,
                None,
            )
            for t in at
        ],
    }
    chosen = draw.sample(sorted(rows), draw.randrange(1, 5))
    if draw.random() < 0.125:
        chosen.append("accelerometer")
        rows["accelerometer"] = [
            (start + 20 * k, *(round(draw.gauss(0, 4), 3) for _ in "xyz"))
            for k in range(draw.randrange(500, 3_000))
        ]
    return {stream: rows[stream] for stream in chosen}


def _names(stream: str, boot: str) -> list[str]:
    order = ["monotonic_ms"] if boot else []
    return ["time", *(column.name for column in STREAMS[stream].columns), *order]


def _told(table: Table, boot: str) -> Table:
    """The rows as they are sent: with the clock of the boot, where the phone tells of one."""
    return [(*row, row[0] - FROM_MS) for row in table] if boot else table


def _json(rows: Mapping[str, Table], boot: str, *, by_row: bool) -> bytes:
    streams: dict[str, Any] = {}
    for stream, table in rows.items():
        names, told = _names(stream, boot), _told(table, boot)
        columns = dict(zip(names, zip(*told, strict=True), strict=True))
        streams[stream] = [dict(zip(names, row, strict=True)) for row in told] if by_row else columns
    return json.dumps({"timezone": "Europe/Helsinki", "streams": streams}).encode()


def _csv(stream: str, table: Table, boot: str) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_names(stream, boot), *_told(table, boot)])
    return text.getvalue().encode()


class Phones:
    """Threads that send; each upload not before its time, and again until its receipt is there."""

    def __init__(self, port: int, tokens: Mapping[str, str], seed: int, *, patience_s: float) -> None:
        self.ledger = Ledger()
        self._port, self._tokens, self._seed, self._patience_s = port, tokens, seed, patience_s
        self._lock = threading.Lock()

    def send(self, sent: Sequence[Sending], *, seconds: float, n_threads: int = 12) -> float:
        """How many seconds it took to settle all of them, spread over `seconds` at least."""
        began = time.monotonic()
        due: queue.SimpleQueue[tuple[float, Sending]] = queue.SimpleQueue()
        for number, one in enumerate(sent):
            due.put((began + seconds * number / len(sent), one))
        with ThreadPoolExecutor(n_threads) as pool:
            for worker in [pool.submit(self._work, due) for _ in range(n_threads)]:
                worker.result()
        return time.monotonic() - began

    def _work(self, due: queue.SimpleQueue[tuple[float, Sending]]) -> None:
        while True:
            try:
                at, one = due.get_nowait()
            except queue.Empty:
                return
            time.sleep(max(0.0, at - time.monotonic()))
            self._settle(one)

    def _settle(self, one: Sending) -> None:
        """Until a receipt: what breaks or is put off is sent again. One in ten is then sent once more."""
        draw = random.Random(f"{self._seed}/{one.upload}")
        drops, copies = draw.random() < 0.05, 2 if draw.random() < 0.1 else 1
        give_up = time.monotonic() + self._patience_s
        while copies and time.monotonic() < give_up:
            try:
                status, headers, answer = self._put(one, drop=drops)
            except (OSError, HTTPException) as error:
                drops = False
                self._note(f"broken: {type(error).__name__}")
                time.sleep(draw.uniform(0.05, 0.5))
                continue
            self._note(str(status))
            if status in (200, 201):
                self._keep(one, answer)
                copies -= 1
            elif status == 429 or status >= 500:
                time.sleep(min(float(headers.get("Retry-After", 0.5)), LONGEST_WAIT_S) * draw.uniform(0.5, 1))
            else:
                self._complain(f"{one.upload}: {status} {answer[:200]!r}")
                return
        if copies:
            self._complain(f"{one.upload}: not settled in {self._patience_s:g} s")

    def _put(self, one: Sending, *, drop: bool) -> tuple[int, Mapping[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        headers = {"Authorization": f"Bearer {self._tokens[one.person]}", **one.headers}
        try:
            connection.request("PUT", f"/api/v1/uploads/{one.upload}{one.query}", one.body, headers)
            if drop:
                raise ConnectionAbortedError("the phone lost its network before the answer")
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def _keep(self, one: Sending, answer: bytes) -> None:
        receipt = json.loads(answer)
        with self._lock:
            first = self.ledger.receipts.setdefault(one.upload, receipt)
        if first != receipt:
            self._complain(f"{one.upload}: another receipt than the first")
        told = {
            name: (got["sent"], got["stored"], got["refused"]) for name, got in receipt["streams"].items()
        }
        if told != account(one):
            self._complain(f"{one.upload}: the receipt tells {told}, the phone counts {account(one)}")

    def _note(self, answer: str) -> None:
        with self._lock:
            self.ledger.answers[answer] += 1

    def _complain(self, about: str) -> None:
        with self._lock:
            self.ledger.wrong.append(about)
