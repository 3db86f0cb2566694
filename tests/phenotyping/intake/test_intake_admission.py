"""Which uploads may be read now, and that answers never ask."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from coach.safety.models import Alert
from phenotyping.intake import admission
from phenotyping.intake.models import Shelf
from phenotyping.surveys.instruments import load_instruments
from tests.phenotyping.intake.conftest import NOON_MS, screen
from wellness.lib.clock import utc_now
from wellness.studies.models import Device

STREAMS = {"screen": screen()}


@pytest.fixture(autouse=True)
def _unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_lags", {})


def put(device: tuple[Device, str], upload: uuid.UUID | None = None) -> Any:
    headers = {"Authorization": f"Bearer {device[1]}"}
    body = json.dumps({"streams": STREAMS})
    address = f"/api/v1/uploads/{upload or uuid.uuid4()}"
    return Client().put(address, body, content_type="application/json", headers=headers)


def refused(answer: Any, status: int, code: str) -> int:
    """The seconds after which to try again, of an answer that must be this refusal."""
    body = answer.json()
    assert (answer.status_code, body["errors"][0]["code"], body["retry"]) == (status, code, True)
    return int(answer.headers["Retry-After"])


def wait(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let real clocks of admission be this much later than now."""
    late = utc_now() + timedelta(seconds=seconds)
    monkeypatch.setattr("phenotyping.intake.api.utc_now", lambda: late)


@pytest.fixture
def behind(device: tuple[Device, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker has computed the day of an upload for more than two minutes."""
    assert put(device).status_code == 201
    wait(monkeypatch, 6)
    assert put(device).status_code == 201  # sees that day wait for the first time
    wait(monkeypatch, 6 + 121)


def test_while_days_wait_long_phones_are_asked_to_wait(device: tuple[Device, str], behind: None) -> None:
    waits = {refused(put(device), 503, "busy") for _ in range(20)}
    assert 30 <= min(waits) < max(waits) <= 300


def test_a_short_wait_is_none(
    device: tuple[Device, str], behind: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    wait(monkeypatch, 60)
    assert put(device).status_code == 201


def test_a_phone_that_got_nothing_in_for_an_hour_is_let_in(
    device: tuple[Device, str], behind: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(monkeypatch, 3_700)
    assert put(device).status_code == 201


def test_only_work_that_uploads_make_counts(
    device: tuple[Device, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = [kind.name for kind in admission.kinds.KINDS.values() if kind.slows_uploads]
    assert slow == ["day"]


def test_while_a_disk_is_low_nothing_is_read(device: tuple[Device, str], settings) -> None:
    settings.DISK_FREE_SHARE = 1.0
    assert 30 <= refused(put(device), 503, "storage_low") <= 300
    settings.DISK_FREE_SHARE = 0.0
    assert put(device).status_code == 201


def test_a_settled_upload_gets_its_receipt_all_the_same(device: tuple[Device, str], settings) -> None:
    upload = uuid.uuid4()
    first = put(device, upload)
    settings.DISK_FREE_SHARE = 1.0
    again = put(device, upload)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_a_phone_sends_so_many_an_hour(
    device: tuple[Device, str], settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(monkeypatch, 0)  # all of it within one hour
    settings.UPLOADS_PER_HOUR = 3
    assert [put(device).status_code for _ in range(3)] == [201] * 3
    assert 1 <= refused(put(device), 429, "too_many_uploads") <= 3_600 + 300


def test_a_body_that_is_read_in_vain_costs_as_much_as_many(
    device: tuple[Device, str], settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(monkeypatch, 0)  # all of it within one hour
    settings.UPLOADS_PER_HOUR = 1 + 2 * 60 + 9 + 1

    def broken(said: bytes, **headers: str) -> int:
        headers |= {"Authorization": f"Bearer {device[1]}"}
        address = f"/api/v1/uploads/{uuid.uuid4()}"
        return Client().put(address, said, content_type="application/json", headers=headers).status_code

    assert broken(b"{}", **{"X-Raw-Length": "9"}) == 400  # damaged on its way: nobody's fault
    assert [broken(b"{") for _ in range(2)] == [400] * 2
    assert [put(device).status_code for _ in range(9)] == [201] * 9
    assert broken(b'{"streams": {"no": {}}}') == 422
    refused(put(device), 429, "too_many_uploads")


def test_a_person_sends_so_much_a_day(
    device: tuple[Device, str], settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(monkeypatch, 0)  # all of it within one hour
    assert put(device).status_code == 201
    settings.UPLOAD_DAY_BYTES = Shelf.objects.get().n_bytes_on
    assert 1 <= refused(put(device), 429, "daily_limit") <= 86_400 + 300
    Shelf.objects.update(bytes_on=utc_now().date() - timedelta(days=1))
    assert put(device).status_code == 201


def test_a_call_for_help_is_heard_whatever_is_full(
    device: tuple[Device, str], behind: None, settings
) -> None:
    load_instruments()
    settings.DISK_FREE_SHARE, settings.UPLOADS_PER_HOUR, settings.UPLOAD_DAY_BYTES = 1.0, 1, 1
    put(device)  # the one of this hour, which may have begun just now
    refused(put(device), 429, "too_many_uploads")
    settings.UPLOADS_PER_HOUR = 0
    refused(put(device), 503, "storage_low")
    sheet = {
        "id": str(uuid.uuid4()),
        "instrument": "check-in",
        "recorded_at": NOON_MS,
        "values": {"support": 2},
    }
    headers = {"Authorization": f"Bearer {device[1]}"}
    answer = Client().post(
        "/api/v1/answers", json.dumps(sheet), content_type="application/json", headers=headers
    )
    assert answer.status_code == 201, answer.content
    assert answer.json()["support"]
    assert Alert.objects.exists()


def test_a_cache_that_is_away_limits_nobody(
    device: tuple[Device, str], settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError

    settings.UPLOADS_PER_HOUR = 1
    monkeypatch.setattr("django.core.cache.cache.add", away)
    monkeypatch.setattr("wellness.budget._CACHE._closed_at", float("-inf"))
    assert [put(device).status_code for _ in range(2)] == [201, 201]


def test_admission_costs_one_small_query(device: tuple[Device, str], django_assert_num_queries) -> None:
    put(device)
    put(device)
    with django_assert_num_queries(1):
        admission.admit(device=device[0], upload_id=uuid.uuid4(), now=utc_now())
