from datetime import timedelta

import pytest
from django.test import Client

from tests.factories import JOINED_AT
from wellness.audit.models import AuditEntry, Outcome
from wellness.audit.services import enrollment_chain, verify
from wellness.lib.clock import utc_now
from wellness.lib.ids import secret_digest
from wellness.studies.models import Device, Enrollment, Invitation
from wellness.studies.services import (
    InvitationRefused,
    invite,
    issue_device,
    register_device,
    revoke_device,
)


@pytest.fixture
def code(ada: Enrollment) -> str:
    return invite(enrollment=ada, now=utc_now())


def post(client: Client, **body: object):
    return client.post("/api/v1/devices", body, content_type="application/json")


def test_an_invitation_brings_a_device_with_a_token(client: Client, ada: Enrollment, code: str) -> None:
    answer = post(client, code=code, platform="android", model_name="Pixel 9", app_version="1.0")
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    device = Device.objects.get(public_id=answer.json()["device"])
    assert answer.json()["enrollment"] == str(ada.public_id)
    assert device.token_digest == secret_digest(answer.json()["token"])
    assert (device.enrollment, device.model_name) == (ada, "Pixel 9")


def test_no_secret_is_stored(ada: Enrollment, code: str) -> None:
    device, token = register_device(code=code, platform="ios", now=utc_now())
    assert token not in {device.token_digest, str(device)}
    assert not Invitation.objects.filter(code_digest=code).exists()


def test_used_expired_and_unknown_codes_get_the_same_answer(
    client: Client, ada: Enrollment, code: str
) -> None:
    register_device(code=code, platform="ios", now=utc_now())
    expired = invite(enrollment=ada, now=utc_now() - timedelta(days=7, seconds=1))
    answers = [post(client, code=bad, platform="ios") for bad in (code, expired, "made up")]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["errors"][0]["code"] == "invitation_refused"
    assert Device.objects.filter(enrollment=ada).count() == 1


def test_a_refused_invitation_is_recorded(ada: Enrollment, code: str) -> None:
    register_device(code=code, platform="ios", now=utc_now())
    with pytest.raises(InvitationRefused):
        register_device(code=code, platform="ios", now=utc_now())
    last = AuditEntry.objects.filter(chain=enrollment_chain(ada.public_id)).order_by("seq").last()
    assert (last.action, last.outcome) == ("device.register", Outcome.REFUSED)
    assert verify() is None


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"platform": "import"}, "invalid_choice", "platform"),
        ({"platform": None}, "missing_value", "platform"),
        ({"model_name": "x" * 81}, "max_length", "model_name"),
        ({"model_name": "a\0b"}, "bad_json", ""),
        ({"app_version": 3}, "invalid", "app_version"),
        ({"code": ""}, "missing_value", "code"),
    ],
)
def test_a_bad_registration_says_which_field_and_uses_up_nothing(
    client: Client, code: str, change: dict[str, object], error: str, field: str
) -> None:
    answer = post(client, **({"code": code, "platform": "ios"} | change))
    assert answer.status_code in (400, 422)
    assert [(e["code"], e["field"]) for e in answer.json()["errors"]] == [(error, field)]
    assert Invitation.objects.open(utc_now()).count() == 1


def test_revoking_is_done_once_and_recorded_once(ada: Enrollment) -> None:
    device, _ = issue_device(enrollment=ada, platform="import", now=JOINED_AT)
    for day in (1, 2):
        revoke_device(device=Device.objects.get(pk=device.pk), now=JOINED_AT + timedelta(days=day))
    device.refresh_from_db()
    assert device.revoked_at == JOINED_AT + timedelta(days=1)
    assert AuditEntry.objects.filter(action="device.revoke").count() == 1


def test_an_address_guesses_only_so_often_and_an_invitation_costs_nothing(
    client: Client, ada: Enrollment, code: str, settings
) -> None:
    settings.JOIN_FAILURES_PER_HOUR = 2
    assert post(client, code=code, platform="ios").status_code == 201
    assert [post(client, code="made up", platform="ios").status_code for _ in range(4)] == [
        403,
        403,
        429,
        429,
    ]
    fresh = invite(enrollment=ada, now=utc_now())
    shut = post(client, code=fresh, platform="ios")
    assert shut.json()["errors"][0]["code"] == "too_many_attempts"
    assert int(shut.headers["Retry-After"]) >= 1
    elsewhere = {"code": fresh, "platform": "ios"}
    joined = client.post(
        "/api/v1/devices", elsewhere, content_type="application/json", REMOTE_ADDR="192.0.2.7"
    )
    assert joined.status_code == 201
