"""Two ways for a phone to upload and to withdraw in a race: by the services, and over HTTP to a server."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from http.client import HTTPConnection
from typing import Any, Protocol
from uuid import uuid4

from tests.factories.phone import Rows, local, upload
from wellness.consent.modes import ERASE
from wellness.consent.services import withdraw
from wellness.lib.clock import utc_now
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import issue_device

OK = (200, 201)


class Way(Protocol):
    """What a round needs of either."""

    name: str
    day: date

    def now(self) -> datetime:
        """The moment at which work is done."""

    def phone(self, person: Enrollment) -> Device:
        """A new phone."""

    def send(self, phone: Device, **streams: Rows) -> bool:
        """Upload; whether rows were stored. Anything else is raised."""

    def leave(self, phone: Device) -> None:
        """Withdraw, and have everything erased."""


class Services:
    """Function calls, all at one moment."""

    name, day = "race", date(2026, 1, 6)

    def now(self) -> datetime:
        return local(self.day + timedelta(days=1), "09:00")

    def phone(self, person: Enrollment) -> Device:
        return issue_device(enrollment=person, platform="android", now=self.now())[0]

    def send(self, phone: Device, **streams: Rows) -> bool:
        return bool(upload(phone, self.now(), **streams)["stored"])

    def leave(self, phone: Device) -> None:
        withdraw(enrollment=Enrollment.objects.get(pk=phone.enrollment_id), now=self.now(), mode=ERASE)


class Answered(Exception):
    """The server refused; `code` says why."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        errors = body.get("errors") or [body]
        self.code = f"{errors[0].get('code', status)}"
        super().__init__(self.code)


class Wire:
    """Requests to a server that listens on a port of this machine, by its own clock."""

    name = "wire"

    def __init__(self, port: int) -> None:
        self._port, self._tokens = port, dict[int, str]()
        self.day = utc_now().date() - timedelta(days=1)

    def now(self) -> datetime:
        return utc_now()

    def phone(self, person: Enrollment) -> Device:
        phone, self._tokens[person.pk] = issue_device(enrollment=person, platform="android", now=self.now())
        return phone

    def send(self, phone: Device, **streams: Rows) -> bool:
        body = {"timezone": "Europe/Helsinki", "streams": streams}
        return bool(self._ask(phone, "PUT", f"uploads/{uuid4()}", body)["stored"])

    def leave(self, phone: Device) -> None:
        self._ask(phone, "POST", "withdrawals", {"id": str(uuid4()), "mode": ERASE})

    def _ask(self, phone: Device, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        token = self._tokens[phone.enrollment_id]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, f"/api/v1/{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        told: dict[str, Any] = json.loads(answer.read() or "{}")
        connection.close()
        if answer.status not in OK:
            raise Answered(answer.status, told)
        return told
