"""Phones hand in answers over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from coach.safety.models import Alert, Hold
from phenotyping.surveys.instruments import load_instruments
from phenotyping.surveys.models import Answer, Instrument
from tests import factories
from wellness.consent.services import withdraw
from wellness.lib.clock import to_us, utc_now
from wellness.studies.models import Device, Enrollment

VALUES = {"mood": 7, "energy": 6, "stress": 3, "sleep_quality": None, "support": 0}


@pytest.fixture(autouse=True)
def _check_in(db: None) -> None:
    load_instruments()


def post(token: str, sheet: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"}
    answer = Client().post("/api/v1/answers", sheet, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def sheet(**changes: Any) -> dict[str, Any]:
    recorded_ms = to_us(utc_now() - timedelta(minutes=1)) // 1_000
    given = {"id": str(uuid4()), "instrument": "check-in", "recorded_at": recorded_ms, "values": VALUES}
    return given | changes


def test_an_answer_is_stored_once(device: tuple[Device, str]) -> None:
    one = sheet()
    assert post(device[1], one) == post(device[1], one)
    assert Answer.objects.count() == 1
    status, body = post(device[1], one | {"values": VALUES | {"mood": 2}})
    assert (status, body["errors"][0]["code"]) == (409, "id_taken")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"instrument": "unheard-of"}, "unknown_instrument"),
        ({"values": VALUES | {"mood": 11}}, "out_of_range"),
        ({"values": VALUES | {"mood": True}}, "wrong_type"),
        ({"values": VALUES | {"colour": 1}}, "unknown_item"),
        ({"recorded_at": 4_000_000_000_000}, "time_in_future"),
        ({"id": "seven"}, "invalid"),
    ],
)
def test_what_does_not_fit_is_refused(device: tuple[Device, str], changes: dict[str, Any], code: str) -> None:
    status, body = post(device[1], sheet(**changes))
    assert (status, body["errors"][0]["code"]) == (422, code)
    assert not Answer.objects.exists()


def test_a_call_for_help_is_answered_at_once(ada: Enrollment, device: tuple[Device, str]) -> None:
    status, body = post(device[1], sheet(values=VALUES | {"support": 2}))
    assert (status, body["support"]) == (201, "imminent")
    assert Alert.objects.get(enrollment=ada).severity == Alert.Severity.IMMINENT
    assert Hold.objects.filter(enrollment=ada, kind=Hold.Kind.CRISIS).exists()


def test_without_consent_nothing_is_kept(ada: Enrollment, device: tuple[Device, str]) -> None:
    withdraw(enrollment=ada, now=factories.JOINED_AT + timedelta(days=1), scopes=[("collect", "survey")])
    status, body = post(device[1], sheet())
    assert (status, body["errors"][0]["code"]) == (403, "consent_denied")
    assert not Answer.objects.exists()


def test_an_unknown_device_is_turned_away(ada: Enrollment) -> None:
    status, body = post("nobody's token", sheet())
    assert (status, body["errors"][0]["code"]) == (401, "device_unknown")


def test_help_is_shown_even_when_nothing_may_be_kept(ada: Enrollment, device: tuple[Device, str]) -> None:
    withdraw(enrollment=ada, now=factories.JOINED_AT + timedelta(days=1), scopes=[("collect", "survey")])
    status, body = post(device[1], sheet(values=VALUES | {"support": 2}))
    assert (status, body["support"]) == (403, "imminent")


def test_a_resend_outlives_a_new_version(device: tuple[Device, str]) -> None:
    one = sheet()
    first = post(device[1], one)
    old = Instrument.objects.get(slug="check-in")
    Instrument.objects.create(slug="check-in", version=2, title="New", source="test", items=old.items[:1])
    assert post(device[1], one) == first
    assert Answer.objects.get().instrument == old
