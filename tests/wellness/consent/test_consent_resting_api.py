"""A phone lets everything rest and goes on, each once, however often it asks."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from tests import factories
from tests.factories.phone import rows, upload
from wellness.consent import gate
from wellness.consent.models import ConsentEvent
from wellness.consent.services import withdraw
from wellness.consent.signatures import authenticated_at
from wellness.consent.verification import verify
from wellness.lib.clock import to_us, utc_now
from wellness.studies.models import Device, Enrollment, Phase
from wellness.studies.services import issue_device

PAUSES, RESUMPTIONS = "/api/v1/consents/pauses", "/api/v1/consents/resumptions"


def say(path: str, token: str, **body: Any) -> HttpResponse:
    said = json.dumps({"id": str(uuid4())} | body)
    return Client().post(path, said, "application/json", headers={"Authorization": f"Bearer {token}"})


def phase(person: Enrollment) -> str:
    return Enrollment.objects.get(pk=person.pk).phase


def code(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_a_pause_is_one_event_and_in_force_when_it_is_answered(
    ada: Enrollment, device: tuple[Device, str]
) -> None:
    phone, token = device
    until_ms = (to_us(utc_now()) // 1_000_000 + 86_400) * 1_000
    said = {"id": str(uuid4()), "until": until_ms}
    first, again = say(PAUSES, token, **said), say(PAUSES, token, **said)
    assert (first.status_code, again.status_code, first["Cache-Control"]) == (201, 200, "no-store")
    assert first.json() == again.json()
    event = ada.consent_events.get(action="pause")
    assert first.json() == {
        "id": said["id"],
        "action": "pause",
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "epoch": 2,
        "until": event.until.isoformat().replace("+00:00", "Z"),
    }
    assert (event.device, event.signer, to_us(event.until)) == (phone, None, until_ms * 1_000)
    assert (event.signature["method"], authenticated_at(event)) == ("device", event.at)
    assert (phase(ada), gate.permitted(ada, "store", ["gps"], at=utc_now())) == (Phase.PAUSED, {})
    now = utc_now()
    kept = upload(phone, now, light=rows([now - timedelta(seconds=9)], lux=[1.0]))
    assert kept["stored"] == 0


def test_going_on_is_one_event_too(ada: Enrollment, device: tuple[Device, str]) -> None:
    said = {"id": str(uuid4())}
    say(PAUSES, device[1])
    first, again = say(RESUMPTIONS, device[1], **said), say(RESUMPTIONS, device[1], **said)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["action"], first.json()["until"], phase(ada)) == ("resume", None, Phase.ACTIVE)
    assert [one.action for one in ada.consent_events.order_by("seq")] == ["grant", "pause", "resume"]
    assert verify() is None


def test_what_cannot_be_done_is_said_and_changes_nothing(ada: Enrollment, device: tuple[Device, str]) -> None:
    token = device[1]
    assert code(say(RESUMPTIONS, token)) == (409, "not_paused")
    assert code(say(PAUSES, token, until=1)) == (422, "pause_over")
    for body in ({"id": "7"}, {"until": "soon"}, {"until": -1}, {"why": "rest"}):
        assert say(PAUSES, token, **body).status_code == 422
    assert phase(ada) == Phase.ACTIVE
    say(PAUSES, token)
    assert code(say(PAUSES, token)) == (409, "paused")
    assert ada.consent_events.count() == 2


def test_an_id_is_of_one_request_and_one_person(ada: Enrollment, device: tuple[Device, str]) -> None:
    bo = factories.enrollment(ada.study, "bo")
    factories.agree_to_everything(bo)
    token = issue_device(enrollment=bo, platform=Device.Platform.IOS, now=utc_now())[1]
    said = {"id": str(uuid4())}
    say(PAUSES, device[1], **said)
    later_ms = to_us(utc_now()) // 1_000 + 60_000
    assert code(say(PAUSES, device[1], until=later_ms, **said)) == (409, "id_taken")
    assert code(say(RESUMPTIONS, device[1], **said)) == (409, "id_taken")
    assert code(say(PAUSES, token, **said)) == (409, "id_taken")
    assert (phase(ada), phase(bo)) == (Phase.PAUSED, Phase.ACTIVE)


@pytest.mark.parametrize("path", [PAUSES, RESUMPTIONS])
def test_who_left_or_has_no_phone_is_not_heard(
    ada: Enrollment, device: tuple[Device, str], path: str
) -> None:
    assert Client().post(path, "{}", "application/json").status_code == 401
    assert say(path, "unknown").status_code == 401
    withdraw(enrollment=ada, now=utc_now())
    n = ConsentEvent.objects.count()
    answer = say(path, device[1])
    assert (answer.status_code, answer.json()["code"]) == (403, "consent_withdrawn")
    assert ConsentEvent.objects.count() == n
