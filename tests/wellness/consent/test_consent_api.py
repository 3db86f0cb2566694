"""Phones ask what a person is asked, and hand in their yes once."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from tests import factories
from tests.factories import JOINED_AT
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry, Outcome
from wellness.consent.asking import Answer, agree
from wellness.consent.guardians import change_proxy, declare_birth
from wellness.consent.models import ConsentDocument, ConsentEvent
from wellness.consent.pausing import pause
from wellness.consent.signatures import Signing, authenticated_at, printed_name
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import issue_device


@pytest.fixture
def phone(bo: Enrollment) -> tuple[Device, str]:
    return issue_device(enrollment=bo, platform=Device.Platform.ANDROID, now=JOINED_AT)


@pytest.fixture
def said(document: ConsentDocument) -> dict[str, Any]:
    """What bo's phone sends."""
    return {
        "id": str(uuid4()),
        "document": str(document.public_id),
        "sha256": document.body_sha256,
        "scopes": [["collect", "gps"], ["store", "*"]],
        "printed_name": "Bo Berg",
        "client_at": 1_767_700_000_000,
        "client_zone": "Europe/Helsinki",
    }


def say(token: str, body: dict[str, Any] | None = None) -> HttpResponse:
    headers = {"Authorization": f"Bearer {token}"}
    if body is None:
        return Client().get("/api/v1/consents", headers=headers)
    return Client().post("/api/v1/consents", json.dumps(body), "application/json", headers=headers)


def switches(token: str) -> dict[tuple[str, str], dict[str, Any]]:
    (document,) = say(token).json()["documents"]
    return {(one["purpose"], one["stream"]): one for one in document["switches"]}


def test_a_phone_shows_the_text_and_every_switch(bo: Enrollment, document: ConsentDocument, phone) -> None:
    answer = say(phone[1])
    body = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert (body["epoch"], body["phase"], body["may_withdraw"]) == (0, "active", ["self"])
    (shown,) = body["documents"]
    assert (shown["id"], shown["sha256"]) == (str(document.public_id), document.body_sha256)
    assert (shown["body"], shown["capacity"]) == (document.body, "self")
    assert len(shown["switches"]) == document.scopes.count()
    assert {one["state"] for one in shown["switches"]} == {"off"}


def test_a_yes_is_one_event_however_often_it_is_sent(
    bo: Enrollment, phone: tuple[Device, str], said: dict[str, Any]
) -> None:
    first, again = say(phone[1], said), say(phone[1], said)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == first.json() | {"id": said["id"], "epoch": 1, "action": "grant"}
    event = bo.consent_events.get()
    assert (event.device, event.signer, event.client_zone) == (phone[0], None, "Europe/Helsinki")
    assert event.client_at.timestamp() == 1_767_700_000
    assert printed_name(event) == "Bo Berg"
    assert (event.signature["method"], authenticated_at(event)) == ("device", event.at)
    states = {scope: one["state"] for scope, one in switches(phone[1]).items()}
    assert (states["collect", "gps"], states["store", "light"], states["collect", "light"]) == (
        "on",
        "on",
        "off",
    )
    assert switches(phone[1])["collect", "gps"]["current"]


def test_refused_answers_are_recorded_and_change_nothing(
    study, bo: Enrollment, document: ConsentDocument, phone, said: dict[str, Any]
) -> None:
    elsewhere = factories.consent_document(factories.study("inland"))
    refused = [
        (409, "document_changed", {"sha256": "f" * 64}),
        (404, "document_unknown", {"document": str(elsewhere.public_id)}),
        (422, "unknown_scope", {"scopes": [["sell", "gps"]]}),
        (422, "nothing_to_reaffirm", {"action": "reaffirm"}),
        (422, "capacity_of_other_document", {"capacity": "assent"}),
    ]
    for status, code, change in refused:
        answer = say(phone[1], said | change)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    factories.consent_document(study, utc_now())
    answer = say(phone[1], said)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "document_not_in_force")
    assert not ConsentEvent.objects.exists()
    entries = AuditEntry.objects.filter(outcome=Outcome.REFUSED, action__startswith="consent.")
    codes = [code for _, code, _ in refused] + ["document_not_in_force"]
    assert list(entries.order_by("pk").values_list("reason", flat=True)) == codes
    assert set(entries.values_list("actor", flat=True)) == {str(phone[0].public_id)}


def test_a_stale_proof_signs_nothing_and_the_refusal_is_on_record(
    bo: Enrollment, document: ConsentDocument
) -> None:
    now = utc_now()
    said = Answer(uuid4(), document.public_id, document.body_sha256, (("collect", "gps"),))
    for proved_at in (None, now - timedelta(minutes=5)):
        with pytest.raises(Refusal, match="proof_too_old"):
            agree(said, enrollment=bo, by=bo.user, signing=Signing(auth_at=proved_at), now=now)
    assert not bo.consent_events.exists()
    assert AuditEntry.objects.filter(outcome="refused", reason="proof_too_old").count() == 2
    fresh = Signing(auth_at=now - timedelta(minutes=4, seconds=59))
    assert agree(said, enrollment=bo, by=bo.user, signing=fresh, now=now)[1]
    stale = Signing(auth_at=now - timedelta(hours=1))  # told again, not signed again
    assert not agree(said, enrollment=bo, by=bo.user, signing=stale, now=now)[1]


def test_a_switch_the_document_does_not_offer_is_refused(study, bo: Enrollment, phone) -> None:
    narrow = factories.consent_document(study, scopes=[("collect", "gps", True), ("store", "gps", False)])
    said = {"document": str(narrow.public_id), "sha256": narrow.body_sha256}
    for code, scopes in (
        ("scope_not_offered", [["collect", "light"]]),
        ("required_scope_missing", [["store", "gps"]]),
    ):
        answer = say(phone[1], said | {"id": str(uuid4()), "scopes": scopes})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "7"},
        {"sha256": "x"},
        {"scopes": []},
        {"scopes": [["collect"]]},
        {"scopes": "collect"},
        {"capacity": "staff"},
        {"capacity": "parent"},
        {"action": "withdraw"},
        {"action": "import"},
        {"client_at": True},
        {"printed_name": 7},
    ],
)
def test_what_is_no_answer_is_refused(
    phone: tuple[Device, str], said: dict[str, Any], change: dict[str, Any]
) -> None:
    if change == {"client_at": True}:
        change = {"client_at": "soon"}
    assert say(phone[1], said | change).status_code == 422
    assert not ConsentEvent.objects.exists()


def test_an_id_is_of_one_answer_and_one_person(
    ada: Enrollment, device, phone: tuple[Device, str], said: dict[str, Any]
) -> None:
    say(phone[1], said)
    for token, change in ((phone[1], {"scopes": [["collect", "light"]]}), (device[1], {})):
        answer = say(token, said | change)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "id_taken")
    assert ConsentEvent.objects.count() == 2


def test_a_paused_person_resumes_first(bo: Enrollment, phone, said: dict[str, Any]) -> None:
    say(phone[1], said)
    pause(enrollment=bo, now=utc_now())
    assert switches(phone[1])["collect", "gps"]["state"] == "resting"
    answer = say(phone[1], said | {"id": str(uuid4())})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "paused")


def test_a_child_is_asked_for_its_assent(
    study, bo: Enrollment, dot: User, phone, said: dict[str, Any]
) -> None:
    born_on = utc_now().date() - timedelta(days=10 * 366)
    declare_birth(enrollment=bo, born_on=born_on, now=utc_now())
    assent = factories.consent_document(study, audience="assent")
    mum = factories.user("mum")
    change_proxy(
        enrollment=bo, proxy=mum, capacity="parent", evidence={"id": "1"}, recorded_by=dot, now=utc_now()
    )
    body = say(phone[1]).json()
    (shown,) = body["documents"]
    assert (shown["id"], shown["capacity"]) == (str(assent.public_id), "assent")
    assert body["may_withdraw"] == ["self", "parent"]
    answer = say(phone[1], said)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "not_of_age")
    own = {"document": shown["id"], "sha256": shown["sha256"], "capacity": "assent", "id": str(uuid4())}
    assert say(phone[1], said | own).status_code == 201


def test_who_has_no_phone_is_asked_nothing(said: dict[str, Any]) -> None:
    assert Client().get("/api/v1/consents").status_code == 401
    assert say("unknown", said).status_code == 401
