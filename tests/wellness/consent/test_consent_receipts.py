"""A receipt says what was agreed to, and no name; one that is altered or signed otherwise is refused."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests import factories
from tests.factories import JOINED_AT
from tests.tampering import tamper
from wellness.audit.models import AuditEntry, Outcome
from wellness.audit.services import enrollment_chain
from wellness.consent.models import Action, ConsentEvent, StudyKey
from wellness.consent.presented import MAX_CHARS, Standing, opened, present
from wellness.consent.receipts import STATES, issued
from wellness.consent.services import grant, withdraw
from wellness.consent.signatures import Signing
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device, Enrollment

NOW = JOINED_AT + timedelta(days=1)
VERIFY = "/api/v1/consent-receipts/verify"


@pytest.fixture
def event(ada: Enrollment) -> ConsentEvent:
    """Ada's agreement."""
    return ada.consent_events.select_related("enrollment__study", "document").get()


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=="))


def encoded(value: Any) -> str:
    plain = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def test_a_receipt_has_the_fields_of_the_standard_in_its_order(event: ConsentEvent) -> None:
    said = decoded(issued(event).split(".")[1])
    assert list(said) == [
        "schema_version",
        "record_id",
        "pii_principal_id",
        "pii_processing",
        "party_identification",
        "events",
        "iss",
        "iat",
    ]
    processing = said["pii_processing"]
    assert list(processing)[:3] == ["privacy_notice", "language", "purposes"]
    assert processing["withdrawal_method"] == "About withdrawal."
    assert processing["privacy_notice"]["sha256"] == event.document_sha256
    agreed = {
        (purpose["purpose"], stream)
        for purpose in processing["purposes"]
        for information in purpose["pii_information"]
        for stream in information["pii_type"]
    }
    assert agreed == {(purpose, stream) for purpose, stream in event.scopes}
    assert said["events"][0]["event_state"] == "given"
    assert said["record_id"] == f"urn:uuid:{event.public_id}"


def test_a_receipt_names_nobody(ada: Enrollment) -> None:
    signing = Signing(printed_name="Ada Lovelace", method="password")
    event = grant(
        enrollment=ada,
        document=ada.study.consent_documents.get(),
        scopes=[("collect", "gps")],
        now=NOW,
        signer=ada.user,
        signing=signing,
    )
    said = json.dumps(decoded(issued(event).split(".")[1]))
    for secret in ("Ada", "Lovelace", "ada@example.org", str(ada.user.public_id)):
        assert secret not in said


def test_every_act_has_a_state() -> None:
    assert set(STATES) == set(Action)


def test_a_receipt_verifies_with_cryptography_and_the_published_keys(
    event: ConsentEvent, client: Client
) -> None:
    header, payload, signature = issued(event).split(".")
    kid = decoded(header)["kid"]
    assert decoded(header) == {"alg": "EdDSA", "kid": kid, "typ": "consent-receipt+jwt"}
    [published] = [
        key for key in client.get("/.well-known/consent-keys.json").json()["keys"] if key["kid"] == kid
    ]
    assert (published["kty"], published["crv"], published["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert "d" not in published
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(published["x"] + "=="))
    public.verify(base64.urlsafe_b64decode(signature + "=="), f"{header}.{payload}".encode())


def test_a_receipt_is_the_same_each_time_and_outlives_the_secret(event: ConsentEvent, settings: Any) -> None:
    first = issued(event)
    assert issued(event) == first
    settings.SIGNING_KEY = "c" * 40
    assert issued(event) != first
    assert [present(one, now=NOW).state for one in (first, issued(event))] == [Standing.CURRENT] * 2


@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), sign=st.sampled_from("AZaz09-_.="))
def test_any_changed_letter_is_noticed(event: ConsentEvent, where: float, sign: str) -> None:
    token = issued(event)
    at = int(where * len(token))
    altered = token[:at] + sign + token[at + 1 :]
    if altered == token:
        return
    with pytest.raises(Refusal) as refused:
        opened(altered)
    assert refused.value.code in {"receipt_tampered", "receipt_unknown_key"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["pii_principal_id"], "urn:uuid:00000000-0000-4000-8000-000000000002"),
        (["pii_processing", "privacy_notice", "sha256"], "0" * 64),
        (["pii_processing", "purposes"], []),
        (["events", 0, "event_state"], "withdrawn"),
        (["iss"], "urn:uuid:00000000-0000-4000-8000-000000000002"),
    ],
)
def test_a_moved_or_changed_field_is_refused(event: ConsentEvent, path: list[Any], value: Any) -> None:
    header, payload, signature = issued(event).split(".")
    said = inner = decoded(payload)
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert code_of(f"{header}.{encoded(said)}.{signature}") == "receipt_tampered"


def test_other_algorithms_and_keys_of_ones_own_are_refused(event: ConsentEvent) -> None:
    header, payload, signature = issued(event).split(".")
    kid, public = decoded(header)["kid"], bytes(StudyKey.objects.get(study=event.enrollment.study).public)
    confused = encoded(decoded(header) | {"alg": "HS256"})
    mac = hmac.new(public, f"{confused}.{payload}".encode(), hashlib.sha256).digest()
    own = Ed25519PrivateKey.generate()
    brought = encoded(
        decoded(header) | {"jwk": {"kty": "OKP", "x": encoded(own.public_key().public_bytes_raw())}}
    )
    for token in (
        f"{encoded(decoded(header) | {'alg': 'none'})}.{payload}.",
        f"{confused}.{payload}.{encoded(mac)}",
        f"{brought}.{payload}.{encoded(own.sign(f'{brought}.{payload}'.encode()))}",
        f"{header}.{payload}.{encoded(own.sign(f'{header}.{payload}'.encode()))}",
        f"{encoded(decoded(header) | {'b64': False, 'crit': ['b64']})}.{payload}.{signature}",
        f"{encoded(decoded(header) | {'typ': 'JWT'})}.{payload}.{signature}",
        f"{header}.{payload}",
        f"{encoded([])}.{payload}.{signature}",
        "ä.ö.ü",
        "",
    ):
        assert code_of(token) == "receipt_tampered", token
    for strange in (kid[::-1], "\0" * 16, "\ud800", [kid], {}, None):
        unknown = encoded(decoded(header) | {"kid": strange})
        assert code_of(f"{unknown}.{payload}.{signature}") == "receipt_unknown_key"
    assert code_of("a" * (MAX_CHARS + 1)) == "receipt_too_large"


def code_of(token: str) -> str:
    with pytest.raises(Refusal) as refused:
        opened(token)
    return refused.value.code


def state_of(event: ConsentEvent) -> Standing:
    return present(issued(event), now=NOW + timedelta(days=9)).state


def test_a_receipt_is_current_until_a_later_act_changes_what_it_says(
    ada: Enrollment, event: ConsentEvent
) -> None:
    assert state_of(event) == Standing.CURRENT
    taken = withdraw(enrollment=ada, now=NOW, scopes=[("collect", "gps")])
    assert (state_of(event), state_of(taken)) == (Standing.SUPERSEDED, Standing.CURRENT)
    document = ada.study.consent_documents.get()
    again = grant(enrollment=ada, document=document, scopes=[("collect", "gps")], now=NOW)
    assert (state_of(taken), state_of(again)) == (Standing.SUPERSEDED, Standing.CURRENT)
    last = withdraw(enrollment=ada, now=NOW)
    assert [state_of(one) for one in (event, again, last)] == [
        Standing.WITHDRAWN,
        Standing.WITHDRAWN,
        Standing.CURRENT,
    ]


def test_a_receipt_of_an_event_that_is_not_here_or_another_is_unknown(event: ConsentEvent) -> None:
    token = issued(event)
    tamper(ConsentEvent, event.pk, public_id=uuid4())
    assert present(token, now=NOW).state == Standing.UNKNOWN


def test_a_study_that_has_ended_holds_nobody_to_anything(event: ConsentEvent) -> None:
    study = event.enrollment.study
    study.ended_at = NOW
    study.save(update_fields=["ended_at"])
    assert state_of(event) == Standing.WITHDRAWN


def signed(token: str) -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def test_a_phone_fetches_its_own_persons_receipt_and_no_other(
    event: ConsentEvent, device: tuple[Device, str], client: Client
) -> None:
    bo = factories.enrollment(event.enrollment.study, "bo")
    other = factories.agree_to_everything(bo)
    answer = client.get(f"/api/v1/consent-receipts/{event.public_id}", **signed(device[1]))
    assert answer.json()["receipt"] == issued(event)
    assert answer["Cache-Control"] == "no-store"
    entry = AuditEntry.objects.get(action="consent_receipt.read")
    assert entry.chain == enrollment_chain(event.enrollment.public_id)
    assert (entry.object, entry.actor) == (f"consent_event:{event.public_id}", str(device[0].public_id))
    foreign = client.get(f"/api/v1/consent-receipts/{other.public_id}", **signed(device[1]))
    unknown = client.get(f"/api/v1/consent-receipts/{uuid4()}", **signed(device[1]))
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert client.get(f"/api/v1/consent-receipts/{event.public_id}").status_code == 401


def test_anybody_has_a_receipt_verified_and_learns_only_whether_it_holds(
    event: ConsentEvent, client: Client
) -> None:
    answer = client.post(VERIFY, {"receipt": issued(event)}, content_type="application/json")
    assert answer.json() == {
        "valid": True,
        "kid": event.signature["kid"],
        "study": "Harbour",
        "issued_at": "2026-01-05T09:00:00+00:00",
        "state": "current",
    }
    entry = AuditEntry.objects.filter(chain=enrollment_chain(event.enrollment.public_id)).latest("seq")
    assert (entry.action, entry.reason, entry.actor) == ("consent_receipt.verify", "current", "")


def test_a_tampered_receipt_is_refused_recorded_and_changes_nothing(
    event: ConsentEvent, client: Client
) -> None:
    header, payload, signature = issued(event).split(".")
    token = f"{header}.{payload}.{signature[::-1]}"
    answer = client.post(VERIFY, {"receipt": token}, content_type="application/json")
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["receipt_tampered"]
    entry = AuditEntry.objects.filter(action="consent_receipt.verify").latest("pk")
    assert (entry.outcome, entry.object) == (Outcome.REFUSED, "")
    assert entry.reason.startswith("receipt_tampered sha256 ")
    assert ConsentEvent.objects.count() == 1


def test_a_body_without_a_receipt_is_refused(db: None, client: Client) -> None:
    for body in ({}, {"receipt": None}, {"receipt": 7}, {"receipt": ""}):
        assert client.post(VERIFY, body, content_type="application/json").status_code == 422


def test_an_address_has_so_many_checks_an_hour(event: ConsentEvent, client: Client, settings: Any) -> None:
    settings.RECEIPT_CHECKS_PER_HOUR = 2
    body = {"receipt": issued(event)}
    codes = [client.post(VERIFY, body, content_type="application/json").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
