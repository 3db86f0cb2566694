"""Phones are listed and revoked by whoever they belong to, and by nobody else."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from tests import factories
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.lib.clock import utc_now
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import invite, issue_device, register_device, revoke_device


def phone(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def second(ada: Enrollment) -> tuple[Device, str]:
    return issue_device(enrollment=ada, platform="ios", now=utc_now(), model_name="iPhone", app_version="2.1")


@pytest.fixture
def elsewhere(study, device: tuple[Device, str]) -> Device:
    return issue_device(enrollment=factories.enrollment(study, "ivy"), platform="ios", now=utc_now())[0]


def test_a_phone_lists_its_persons_phones(
    device: tuple[Device, str], second: tuple[Device, str], elsewhere: Device
) -> None:
    revoke_device(
        device=issue_device(enrollment=device[0].enrollment, platform="web", now=utc_now())[0], now=utc_now()
    )
    answer = phone(device[1]).get("/api/v1/devices")
    assert answer["Cache-Control"] == "no-store"
    listed = {one["device"]: one for one in answer.json()}
    assert listed.keys() == {str(device[0].public_id), str(second[0].public_id)}
    assert listed[str(device[0].public_id)]["is_this_one"]
    assert listed[str(second[0].public_id)]["app_version"] == "2.1"
    assert "token" not in answer.content.decode()


def test_a_phone_revokes_another_and_it_is_out_at_its_next_request(
    device: tuple[Device, str], second: tuple[Device, str]
) -> None:
    lost = phone(second[1])
    assert lost.get("/api/v1/devices").status_code == 200
    assert phone(device[1]).delete(f"/api/v1/devices/{second[0].public_id}").status_code == 204
    assert lost.get("/api/v1/devices").status_code == 401
    entry = AuditEntry.objects.get(action="device.revoke")
    assert (entry.actor, entry.object) == (str(device[0].public_id), f"device:{second[0].public_id}")


def test_other_peoples_phones_are_as_if_they_were_not(device: tuple[Device, str], elsewhere: Device) -> None:
    answers = [phone(device[1]).delete(f"/api/v1/devices/{one}") for one in (elsewhere.public_id, uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    elsewhere.refresh_from_db()
    assert elsewhere.revoked_at is None


def test_an_unknown_phone_lists_nothing_and_replaces_none(
    ada: Enrollment, device: tuple[Device, str]
) -> None:
    assert phone("made up").get("/api/v1/devices").status_code == 401
    before = device[0].token_digest
    register_device(code=invite(enrollment=ada, now=utc_now()), platform="android", now=utc_now())
    device[0].refresh_from_db()
    assert (device[0].token_digest, device[0].revoked_at) == (before, None)
    assert Device.objects.in_use(ada).count() == 2


def test_a_person_stops_a_phone_on_their_page(
    ada: Enrollment, second: tuple[Device, str], elsewhere: Device
) -> None:
    client = Client()
    client.force_login(ada.user)
    page = client.get("/app/privacy/devices/").content.decode()
    assert "iPhone" in page
    assert str(elsewhere.public_id) not in page
    assert client.post(f"/app/privacy/devices/{elsewhere.public_id}/revoke/").status_code == 404
    assert client.post(f"/app/privacy/devices/{second[0].public_id}/revoke/").status_code == 302
    assert phone(second[1]).get("/api/v1/devices").status_code == 401
    assert "iPhone" not in client.get("/app/privacy/devices/").content.decode()


def test_staff_and_strangers_have_no_such_page(ada: Enrollment, cal, second: tuple[Device, str]) -> None:
    browser: Callable[[], Client] = Client
    stranger, outsider = browser(), browser()
    outsider.force_login(cal)
    path = f"/app/privacy/devices/{second[0].public_id}/revoke/"
    assert stranger.post(path).status_code == 302
    assert outsider.post(path).status_code == outsider.get("/app/privacy/devices/").status_code == 404
    assert phone(second[1]).get("/api/v1/devices").status_code == 200


def test_a_person_names_a_phone_on_their_page(
    ada: Enrollment, cal: User, second: tuple[Device, str], elsewhere: Device
) -> None:
    client, outsider = Client(), Client()
    client.force_login(ada.user)
    outsider.force_login(cal)
    path = f"/app/privacy/devices/{second[0].public_id}/name/"
    assert client.post(path, {"name": "  The  kestrel "}).status_code == 302
    page = client.get("/app/privacy/devices/").content.decode()
    assert "The kestrel</h2>" in page and "iPhone" in page
    assert outsider.post(path, {"name": "Mine"}).status_code == 404
    assert client.post(f"/app/privacy/devices/{elsewhere.public_id}/name/").status_code == 404
    long = client.post(path, {"name": "x" * 41}, follow=True).content.decode()
    assert "40 letters at most" in long and "The kestrel</h2>" in long
    entry = AuditEntry.objects.get(action="device.rename")
    assert (entry.object, "kestrel" in str(entry.__dict__)) == (f"device:{second[0].public_id}", False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT given_name FROM wellness_studies_device WHERE given_name <> ''")
        assert "kestrel" not in cursor.fetchone()[0]
    client.post(path, {"name": " "})
    assert "iPhone</h2>" in client.get("/app/privacy/devices/").content.decode()
