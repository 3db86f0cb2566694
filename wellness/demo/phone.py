"""A phone as the server meets it: HTTP requests with a device token, and its own ledger of what it sent."""

import gzip
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from math import isnan
from typing import Any
from uuid import uuid4

import msgspec
from numpy.typing import NDArray

from phenotyping.streams.catalogue import STREAMS

US_PER_MS = 1_000
TIMEOUT_S = 60


class PhoneError(Exception):
    """The server answered a phone with something other than success."""


@dataclass
class Phone:
    """One phone. `ledger` counts rows sent, stored and refused as the phone knows them.

    `collects` names the streams that the server asked for: it senses nothing else.
    """

    address: str
    token: str = ""
    collects: frozenset[str] = frozenset()
    ledger: Counter[str] = field(default_factory=Counter)

    def register(self, invitation: str, platform: str) -> None:
        """Use an invitation; the token is kept. Then ask what to collect."""
        answer = self._request("POST", "/api/v1/devices", {"code": invitation, "platform": platform})
        self.token = answer["token"]
        asked = self._request("GET", "/api/v1/device/config")["streams"]
        self.collects = frozenset(name for name, one in asked.items() if one["collect"])

    def upload(self, streams: Mapping[str, Mapping[str, NDArray[Any]]], zone: str) -> dict[str, Any] | None:
        """The receipt for the rows, None when there are none; PhoneError when it leaves some out."""
        wanted = {name: columns for name, columns in streams.items() if name in self.collects}
        sent = {name: columns for name, columns in wanted.items() if columns["time"].size}
        n_sent = sum(columns["time"].size for columns in sent.values())
        if not n_sent:
            return None
        body = {"timezone": zone, "streams": {name: _wire(name, columns) for name, columns in sent.items()}}
        receipt: dict[str, Any] = self._request("PUT", f"/api/v1/uploads/{uuid4()}", body)
        if not receipt["sent"] == n_sent == receipt["stored"] + receipt["refused"]:
            raise PhoneError(f"sent {n_sent} rows, the receipt says {receipt['sent']}")
        self.ledger.update(sent=n_sent, stored=receipt["stored"], refused=receipt["refused"], uploads=1)
        return receipt

    def check_in(self, values: Mapping[str, int], recorded_us: int) -> None:
        """Hand in the daily questionnaire."""
        sheet = {"id": str(uuid4()), "instrument": "check-in", "values": dict(values)}
        self._request("POST", "/api/v1/answers", sheet | {"recorded_at": recorded_us // US_PER_MS})
        self.ledger["answers"] += 1

    def suggestions(self) -> list[dict[str, Any]]:
        """What was sent to this person, newest first."""
        found: list[dict[str, Any]] = self._request("GET", "/api/v1/suggestions")
        return found

    def respond(self, suggestion: str, response: str, at_us: int) -> None:
        """Answer a suggestion."""
        body = {"response": response, "responded_at": at_us // US_PER_MS}
        self._request("PUT", f"/api/v1/suggestions/{suggestion}/response", body)
        self.ledger["responses"] += 1

    def _request(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"}
        packed = None
        if body is not None:
            packed = msgspec.json.encode(body)
        if method == "PUT" and path.startswith("/api/v1/uploads/") and packed is not None:
            packed = gzip.compress(packed, 1)
            headers["Content-Encoding"] = "gzip"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection = HTTPConnection(self.address, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, packed, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise PhoneError(f"{method} {path}: {response.status} {answer[:300]!r}")
        return json.loads(answer)


def _wire(stream: str, columns: Mapping[str, NDArray[Any]]) -> dict[str, list[Any]]:
    """Columns as JSON lists: times in milliseconds, missing values as null, flags as true and false."""
    kinds = {column.name: column.kind for column in STREAMS[stream].columns}
    lists = {name: _listed(kinds[name], values) for name, values in columns.items() if name != "time"}
    return {"time": (columns["time"] / US_PER_MS).tolist()} | lists


def _listed(kind: str, values: NDArray[Any]) -> list[Any]:
    if values.dtype.kind != "f":
        return list(values.tolist())
    known = {"flag": bool, "int": int}.get(kind, float)
    return [None if isnan(value) else known(value) for value in values.tolist()]
