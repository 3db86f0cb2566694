"""Phones withdraw by one request, hear that they must purge, and confirm it."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from tests import factories
from wellness.audit.models import AuditEntry
from wellness.consent.erasure import receipts
from wellness.consent.erasure.job import KIND
from wellness.consent.models import ConsentEvent, ErasureRequest
from wellness.consent.purposes import CONSENT_STREAMS
from wellness.lib.clock import utc_now
from wellness.studies.models import Device, Enrollment, Phase
from wellness.studies.services import issue_device
from wellness.work.kinds import drain

Phone = tuple[Device, str]


def say(phone: Phone, path: str, body: dict[str, Any] | None = None) -> HttpResponse:
    headers = {"Authorization": f"Bearer {phone[1]}"}
    if body is None:
        return Client().get(f"/api/v1/{path}", headers=headers)
    return Client().post(f"/api/v1/{path}", json.dumps(body), "application/json", headers=headers)


def test_one_request_stops_everything_and_the_phone_is_heard_again_once_it_purged(
    ada: Enrollment, device: Phone
) -> None:
    said = {"id": str(uuid4())}
    first = say(device, "withdrawals", said)
    assert (first.status_code, first.json()["receipt"]) == (201, None)
    assert set(first.json()["purge"]) == set(CONSENT_STREAMS)
    again = say(device, "withdrawals", said)
    assert (again.status_code, again.json()) == (200, first.json())
    assert ConsentEvent.objects.filter(enrollment=ada, action="withdraw").count() == 1
    refused = say(device, "device/config")
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_withdrawn")
    assert refused.json()["purge"] == first.json()["purge"]
    assert say(device, "purges", {"purged": ["gps"]}).status_code == 422
    assert say(device, "purges", {"purged": refused.json()["purge"]}).status_code == 204
    assert say(device, "device/config").status_code == 200
    assert AuditEntry.objects.filter(action="device.purge").count() == 1


def test_erasing_is_one_request_too_and_ends_the_credential_after_the_purge(
    ada: Enrollment, device: Phone
) -> None:
    answer = say(device, "withdrawals", {"id": str(uuid4()), "mode": "stop_erase"}).json()
    due = Client().get(answer["receipt"])
    assert (due.status_code, due.json()["state"]) == (200, "due")
    drain(utc_now(), KIND)
    assert say(device, "device/config").json()["purge"] == answer["purge"]
    assert say(device, "purges", {"purged": answer["purge"]}).status_code == 204
    assert say(device, "device/config").status_code == 401
    done = Client().get(answer["receipt"]).json()
    assert (done["state"], receipts.is_genuine(done)) == ("done", True)
    assert Client().get("/api/v1/deletions/guessed").status_code == 404


def test_parts_are_taken_back_without_a_word_about_the_rest(ada: Enrollment, device: Phone) -> None:
    answer = say(device, "withdrawals", {"id": str(uuid4()), "scopes": [["store", "gps"]]})
    assert (answer.status_code, answer.json()["purge"]) == (201, [])
    config = say(device, "device/config").json()
    assert "gps" in config["purge"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"mode": "stop_erase"}, 422, "missing_value"),
        ({"id": "no"}, 422, "invalid"),
        ({"id": str(uuid4()), "mode": "vanish"}, 422, "invalid_choice"),
        ({"id": str(uuid4()), "mode": "regulatory_hold"}, 422, "mode_not_offered"),
        ({"id": str(uuid4()), "scopes": [["fly", "gps"]]}, 422, "unknown_scope"),
        ({"id": str(uuid4()), "mode": "stop_erase", "scopes": [["store", "gps"]]}, 422, "leaving_is_whole"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(
    ada: Enrollment, device: Phone, body: dict[str, Any], status: int, code: str
) -> None:
    answer = say(device, "withdrawals", body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    ada.refresh_from_db()
    assert (ada.phase, ada.consent_epoch) == (Phase.ACTIVE, 1)
    assert ErasureRequest.objects.count() == 0


def test_an_id_is_used_once_and_only_by_its_person(ada: Enrollment, device: Phone) -> None:
    said = {"id": str(uuid4()), "scopes": [["store", "gps"]]}
    assert say(device, "withdrawals", said).status_code == 201
    assert say(device, "withdrawals", {"id": said["id"], "mode": "stop_erase"}).status_code == 409
    bo = factories.enrollment(ada.study, "bo")
    factories.agree_to_everything(bo)
    other = issue_device(enrollment=bo, platform="ios", now=utc_now())
    assert say(other, "withdrawals", said).status_code == 409
    assert Client().post("/api/v1/withdrawals", "{}", "application/json").status_code == 401


def test_a_call_for_help_is_heard_whoever_withdrew(ada: Enrollment, device: Phone) -> None:
    from phenotyping.surveys.instruments import load_instruments

    load_instruments()
    for mode in ("stop", "stop_erase"):
        assert say(device, "withdrawals", {"id": str(uuid4()), "mode": mode}).status_code == 201
        drain(utc_now(), KIND)
        now_ms = int(utc_now().timestamp() * 1000)
        sheet = {
            "id": str(uuid4()),
            "instrument": "check-in",
            "recorded_at": now_ms,
            "values": {"support": 2},
        }
        answer = say(device, "answers", sheet)
        assert (answer.status_code, bool(answer.json()["support"])) == (403, True)
