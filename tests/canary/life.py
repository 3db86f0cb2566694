"""A life that leaves a trace wherever one can be left: by the site's own doors, and where it fails."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from celery import shared_task
from django.core import mail
from django.test import Client

from coach.safety.models import Contraindication, Hold
from coach.safety.services import hold, raise_alert, resolve
from phenotyping.intake.models import Chunk
from phenotyping.surveys.models import Instrument
from tests import factories
from wellness.accounts.models import User
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment
from wellness.studies.services import invite
from wellness.web.home import Help
from wellness.work import kinds
from wellness.work.tasks import sweep

# A bird that no code, no template and no library names, with a letter that JSON and addresses escape.
PLANTS: dict[str, str | float] = {
    name: f"Wryneck-é-{name.replace(' ', '-')}"
    for name in (
        "note", "correction", "reason", "first name", "last name", "agent", "phone", "disposition",
        "hold", "condition", "piece", "passkey",
    )
} | {
    "address": "wryneck-address@example.org",
    "source": "203.0.113.177",
    "latitude": 61.49785129,
    "longitude": 23.76098763,
}  # fmt: skip
# Nothing of these is kept, not even sealed.
GONE: dict[str, str | float] = {
    name: f"Wryneck-é-{name.replace(' ', '-')}"
    for name in (
        "wrong password", "query", "crash", "local", "task", "row", "bad note", "bad body", "bad stream",
        "bad token", "lost page", "bad code",
    )
} | {"stranger": "wryneck-stranger@example.org", "refused latitude": 961.49785129}  # fmt: skip
ITEMS = [{"id": "note", "kind": "text", "text": "How was it?"}]
WHEN = factories.JOINED_AT + timedelta(days=1)


@shared_task(name="tests.canary")
def stumble() -> None:
    """A task with something to say."""
    raise ValueError(GONE["task"])


class Life:
    """Ada, who joins as everybody does; `answers` are the answers that say that something is wrong."""

    def __init__(self, study: Any, bea: User, monkeypatch: pytest.MonkeyPatch) -> None:
        self.study, self.bea, self.monkeypatch = study, bea, monkeypatch
        self.browser = Client(
            raise_request_exception=False, HTTP_USER_AGENT=PLANTS["agent"], REMOTE_ADDR=str(PLANTS["source"])
        )
        self.answers: list[bytes] = []
        self.token = ""

    def live(self, commit: Callable[..., Any]) -> None:
        """All of it; `commit` runs what waits for the end of a transaction."""
        Instrument.objects.create(slug="diary", title="Diary", source="us", items=ITEMS)
        with commit(execute=True):
            self._stumble()
            person = self._join()
            self._sense()
            self._tell()
            self._be_cared_for(person)
            self._fail(person)

    def _asked(self, method: str, path: str, body: Any, **more: Any) -> Any:
        """An answer of the API to the phone, or of a page to the browser."""
        if method == "form":
            return self.browser.post(path, body, **more)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        media = more.pop("media", "application/json")
        answer = self.browser.generic(
            method, path, raw, content_type=media, headers=headers | more, CONTENT_TYPE=media
        )
        if answer.status_code >= 400:
            self.answers.append(answer.content)
        return answer

    def _stumble(self) -> None:
        """Signing in with a wrong password, codes for a stranger, tokens and pages that do not exist."""
        wrong = {"login": GONE["stranger"], "password": GONE["wrong password"]}
        self._asked("form", "/accounts/login/", wrong)
        self._asked("form", "/accounts/login/code/", {"email": GONE["stranger"]})
        self._asked("form", "/accounts/password/reset/", {"email": GONE["stranger"]})
        self._asked("form", "/join/", {"code": GONE["bad code"], "email": GONE["stranger"]})
        self.token = str(GONE["bad token"]).replace("é", "e")
        self._asked("GET", "/api/v1/suggestions", b"")
        self.token = ""
        self._asked("GET", f"/{GONE['lost page']}/?q={GONE['query']}", b"")

    def _join(self) -> Enrollment:
        """By a code, which a code by e-mail follows; then with a phone."""
        person = factories.enrollment(self.study, "wren")
        factories.agree_to_everything(person)
        Enrollment.objects.filter(pk=person.pk).update(user=None)
        first = invite(enrollment=person, now=self.bea.date_joined)
        self._asked("form", "/join/", {"code": first, "email": PLANTS["address"]})
        (code,) = re.findall(r"^\s*([0-9A-Z-]{6,9})\s*$", mail.outbox[-1].body, re.MULTILINE)
        answer = self._asked("form", "/accounts/login/code/confirm/", {"code": code})
        assert answer.status_code == 302, answer.content
        user = User.objects.get(email=PLANTS["address"])
        user.first_name, user.last_name = str(PLANTS["first name"]), str(PLANTS["last name"])
        user.save()
        second = invite(enrollment=person, now=self.bea.date_joined)
        phone = {"code": second, "platform": "android", "model_name": PLANTS["phone"]}
        self.token = self._asked("POST", "/api/v1/devices", phone).json()["token"]
        return Enrollment.objects.select_related("study").get(pk=person.pk)

    def _sense(self) -> None:
        """Places that are kept and places that are refused; a body in pieces; one that cannot be read."""
        at = to_us(WHEN) / 1_000
        gps = {"time": [at, at + 1], "latitude": [PLANTS["latitude"], GONE["refused latitude"]]}
        streams = {"gps": gps | {"longitude": [PLANTS["longitude"]] * 2}}
        kept = self._asked("PUT", f"/api/v1/uploads/{uuid4()}", {"streams": streams})
        assert kept.json()["stored"] == 1
        for body in ({"streams": {GONE["bad stream"]: gps}}, {"streams": {"gps": {"time": [GONE["row"]]}}}):
            self._asked("PUT", f"/api/v1/uploads/{uuid4()}", body)
        self._asked("PUT", f"/api/v1/uploads/{uuid4()}", f'{{"{GONE["bad body"]}'.encode())
        piece = f'{{"streams": "{PLANTS["piece"]}"'.encode()
        parts = f"/api/v1/uploads/{uuid4()}/parts"
        said = {"Upload-Length": str(len(piece) + 9), "Upload-Offset": "0"}
        for method, body in (("POST", b""), ("PATCH", piece)):
            assert self._asked(method, parts, body, **said).status_code < 300

    def _tell(self) -> None:
        """An answer, its correction, and one that is refused."""
        sheet = {"instrument": "diary", "recorded_at": int(to_us(WHEN) / 1_000)}
        first = {"id": str(uuid4()), "values": {"note": PLANTS["note"]}} | sheet
        assert self._asked("POST", "/api/v1/answers", first).status_code == 201
        better = {"id": str(uuid4()), "values": {"note": PLANTS["correction"]}, "reason": PLANTS["reason"]}
        path = f"/api/v1/answers/{first['id']}/corrections"
        assert self._asked("POST", path, better).status_code == 201
        self._asked("POST", "/api/v1/answers", first | {"id": str(uuid4()), "values": {GONE["bad note"]: 1}})
        self._asked("POST", "/api/v1/answers", first | {"id": GONE["bad note"]})

    def _be_cared_for(self, person: Enrollment) -> None:
        alert = raise_alert(enrollment=person, rule="answer", severity="low", source="answer:1", now=WHEN)
        resolve(alert=alert, user=self.bea, disposition=str(PLANTS["disposition"]), now=WHEN)
        hold(enrollment=person, kind=Hold.Kind.CLINICIAN, now=WHEN, reason=str(PLANTS["hold"]))
        Contraindication.objects.create(enrollment=person, condition=PLANTS["condition"], since=WHEN)
        factors: Any = person.user
        factors.authenticator_set.create(type="webauthn", data={"name": PLANTS["passkey"]})

    def _fail(self, person: Enrollment) -> None:
        """A chunk that was altered, a page that crashes, work and tasks that fail."""
        Chunk.objects.filter(enrollment=person).update(sealed_sha256="0" * 64)

        def crash(*_: Any, **__: Any) -> Any:
            kept = GONE["local"]
            raise ValueError(f"{GONE['crash']} {kept is None}")

        sweep()
        kinds.drain(WHEN + timedelta(days=1), "day")
        self.monkeypatch.setattr(Help, "get_context_data", crash)
        answer = self.browser.get("/help/", {"q": GONE["query"]})
        assert answer.status_code == 500
        self.answers.append(answer.content)
        self.monkeypatch.setitem(kinds.KINDS, "day", replace(kinds.KINDS["day"], run=crash))
        person.days.update(stale_seq=1_000, run_after=WHEN)
        kinds.drain(WHEN + timedelta(days=1), "day")
        stumble.apply()
