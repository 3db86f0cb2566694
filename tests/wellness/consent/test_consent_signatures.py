"""An event's signature holds for that person, document, scopes and moment, and for nothing else."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests import factories
from tests.factories import JOINED_AT
from tests.tampering import remove, tamper
from wellness.audit.appendonly import AppendOnlyError
from wellness.audit.models import AuditEntry
from wellness.consent import signatures
from wellness.consent.events import START, event_hash
from wellness.consent.models import Action, ConsentDocument, ConsentEvent, StudyKey
from wellness.consent.services import grant, withdraw
from wellness.consent.signatures import Signing, printed_name, public_keys, sign
from wellness.consent.verification import verify
from wellness.studies import keys
from wellness.studies.models import Enrollment, Study

SECRET = "a secret of the worked example, 32+"
NAMED = Signing(printed_name="Ada Lovelace", method="password", amr=("pwd", "otp"), auth_at=JOINED_AT)

# The worked example: what is signed, letter by letter, and the signature that SECRET makes of it.
PAYLOAD = (
    '{"action":"grant","amr":["pwd"],"at":1767603600000000,"auth_at":1767603540000000,"capacity":"self",'
    '"client_at":null,"client_zone":"","covers_from":1767603600000000,"device":null,"document":{"id":"00000000-0000-4000-8000-000000000003",'
    '"sha256":"'
    + "d"
    * 64
    + '","version":1},"event":"00000000-0000-4000-8000-000000000004","evidence":{},"expiries":[],'
    '"kid":"%(kid)s","locale":"en","meaning":"I have read this text, and I agree to what is listed.",'
    '"method":"password","name_digest":null,"participant":"00000000-0000-4000-8000-000000000002",'
    '"prev":"' + "0" * 64 + '","proxy":null,"reason":"","scopes":[["collect","gps"]],"seq":1,"signer":null,'
    '"study":"00000000-0000-4000-8000-000000000001","until":null,"v":1,"withdrawal_mode":""}'
)
KID = "1e7d8e864b319f0c"
VALUE = "ebG9DdfBblI-SP2e7gA4ZvpsZdxslfz1TQaEuDmbSwzmu-_g336R_EU_9Z97wb9J9wCHl6W-RGbVv7MfBupeCQ=="


def fixed(n: int) -> UUID:
    return UUID(f"00000000-0000-4000-8000-{n:012}")


@pytest.fixture
def example(study: Study, settings: Any) -> ConsentEvent:
    """The unsaved event of the worked example."""
    settings.SIGNING_KEY = SECRET
    person = factories.enrollment(study, "bo")
    Study.objects.filter(pk=study.pk).update(public_id=fixed(1))
    Enrollment.objects.filter(pk=person.pk).update(public_id=fixed(2))
    document = ConsentDocument.objects.create(
        study=study, version=1, body={}, public_id=fixed(3), body_sha256="d" * 64
    )
    return ConsentEvent(
        public_id=fixed(4),
        enrollment=Enrollment.objects.get(pk=person.pk),
        seq=1,
        action=Action.GRANT,
        document=document,
        document_sha256="d" * 64,
        scopes=[["collect", "gps"]],
        covers_from=datetime(2026, 1, 5, 9, tzinfo=UTC),
        at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        prev_hash=START,
    )


def test_the_worked_example_is_signed_as_it_was(example: ConsentEvent) -> None:
    """HKDF, payload and Ed25519 done again here, by hand."""
    sign(example, Signing(method="password", amr=("pwd",), auth_at=JOINED_AT - timedelta(minutes=1)))
    purpose = f"ed25519|consent|{fixed(1)}".encode()
    key = Ed25519PrivateKey.from_private_bytes(
        HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(SECRET.encode())
    )
    value = base64.urlsafe_b64encode(key.sign((PAYLOAD % {"kid": KID}).encode())).decode()
    assert (example.signature["kid"], example.signature["value"]) == (KID, VALUE)
    assert value == VALUE


def test_what_is_signed_is_the_agreement_and_never_a_name(ada: Enrollment) -> None:
    event = again(ada, NAMED)
    assert "Ada" not in json.dumps(event.signature) and "Lovelace" not in json.dumps(event.signature)
    assert printed_name(event) == "Ada Lovelace"
    said = {name: event.signature[name] for name in ("method", "amr", "meaning")}
    assert said == {
        "method": "password",
        "amr": ["pwd", "otp"],
        "meaning": "I have read this text, and I agree to what is listed.",
    }
    assert signatures.authenticated_at(event) == JOINED_AT
    assert verify() is None


def test_who_signs_in_and_writes_no_name_is_named_as_their_account_is(ada: Enrollment) -> None:
    assert printed_name(ada.consent_events.get()) == "Ada"


def test_every_act_has_a_meaning() -> None:
    assert set(signatures.MEANINGS) == set(Action)


def test_a_forgotten_persons_events_verify_without_their_name(ada: Enrollment) -> None:
    event = again(ada, NAMED)
    keys.shred(ada, now=JOINED_AT)
    assert printed_name(event) == ""
    assert verify() is None
    withdraw(enrollment=ada, now=JOINED_AT, signer=ada.user)
    assert verify() is None


def test_signatures_verify_after_the_secret_was_replaced(ada: Enrollment, settings: Any) -> None:
    settings.SIGNING_KEY = "b" * 40
    withdraw(enrollment=ada, now=JOINED_AT)
    assert StudyKey.objects.filter(study=ada.study).count() == 2
    assert verify() is None


def test_a_key_is_kept_and_recorded_once(ada: Enrollment) -> None:
    withdraw(enrollment=ada, now=JOINED_AT)
    key = StudyKey.objects.get(study=ada.study)
    assert AuditEntry.objects.get(action=signatures.FIRST_USE).object == f"consent_key:{key.kid}"
    for change in (key.save, key.delete, StudyKey.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()


def test_a_key_slipped_in_or_exchanged_is_named(ada: Enrollment, study: Study) -> None:
    key = StudyKey.objects.get(study=study)
    tamper(StudyKey, key.pk, public=bytes(32))
    assert "it is another key" in str(verify())
    remove(StudyKey, key.pk)
    assert str(verify()).endswith("it was signed with a key that is not its study's")
    StudyKey.objects.create(
        study=factories.study("other"), kid=key.kid, public=key.public, first_used_at=JOINED_AT
    )
    assert "its first use was not recorded" in str(verify())


def test_an_event_without_signature_is_named(ada: Enrollment) -> None:
    assert rewritten(ada.consent_events.get(), signature={}).endswith("it is not signed")


@pytest.fixture
def other(ada: Enrollment) -> ConsentEvent:
    """The agreement of another person of the study, to less."""
    bo = factories.enrollment(ada.study, "bo")
    document = ada.study.consent_documents.get()
    return grant(enrollment=bo, document=document, scopes=[("collect", "gps")], now=JOINED_AT, signing=NAMED)


def test_a_signature_moved_to_another_person_is_named(ada: Enrollment, other: ConsentEvent) -> None:
    event = ada.consent_events.get()
    assert rewritten(event, signature=other.signature).endswith("its signature is not over what it says")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "reaffirm"),
        ("scopes", [["collect", "gps"]]),
        ("capacity", "guardian"),
        ("covers_from", datetime(2009, 1, 1, tzinfo=UTC)),
        ("at", JOINED_AT + timedelta(microseconds=1)),
        ("withdrawal_mode", "erase"),
        ("expiries", [["collect", "gps", 1]]),
        ("until", JOINED_AT),
        ("reason", "x"),
        ("client_zone", "UTC"),
        ("evidence", {"scan": "x"}),
        ("signer", None),
        ("public_id", fixed(9)),
    ],
)
def test_an_event_changed_and_hashed_anew_is_named(ada: Enrollment, field: str, value: object) -> None:
    assert rewritten(ada.consent_events.get(), **{field: value}).endswith(
        "its signature is not over what it says"
    )


def test_a_signature_moved_to_another_document_is_named(ada: Enrollment) -> None:
    newer = factories.consent_document(ada.study)
    change = {"document": newer, "document_sha256": newer.body_sha256}
    assert rewritten(ada.consent_events.get(), **change).endswith("its signature is not over what it says")


def test_another_sealed_name_under_the_signature_is_named(ada: Enrollment) -> None:
    event = again(ada, NAMED)
    sealed = keys.seal_json(ada, f"consent_event|{event.public_id}|name", "Bo")
    altered = event.signature | {"name_sealed": base64.b64encode(sealed).decode()}
    assert rewritten(event, signature=altered).endswith("its printed name is not the one that was signed")


SIGNED_FIELDS = (
    "kid",
    "meaning",
    "method",
    "amr",
    "auth_at",
    "name_digest",
    "payload_sha256",
    "alg",
)


@pytest.mark.parametrize("field", SIGNED_FIELDS)
def test_a_field_of_the_signature_changed_is_named(ada: Enrollment, field: str) -> None:
    event = again(ada, NAMED)
    assert "consent event #2" in rewritten(event, signature=event.signature | {field: "x"})


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 63), flip=st.integers(1, 255))
def test_any_flipped_byte_of_a_signature_is_noticed(ada: Enrollment, at: int, flip: int) -> None:
    event = ada.consent_events.get()
    value = bytearray(base64.urlsafe_b64decode(event.signature["value"]))
    value[at] ^= flip
    event.signature["value"] = base64.urlsafe_b64encode(bytes(value)).decode()
    assert signatures.problem(event, public_keys(ada.study)) == "its signature is not over what it says"


def test_a_stored_signature_verifies_with_cryptography_alone(example: ConsentEvent) -> None:
    sign(example, Signing(method="password", amr=("pwd",), auth_at=JOINED_AT - timedelta(minutes=1)))
    public = StudyKey.objects.get(kid=example.signature["kid"]).public
    value = base64.urlsafe_b64decode(example.signature["value"])
    Ed25519PublicKey.from_public_bytes(bytes(public)).verify(value, (PAYLOAD % {"kid": KID}).encode())


def again(person: Enrollment, signing: Signing) -> ConsentEvent:
    """One more agreement of a person, to the same."""
    document = person.study.consent_documents.get()
    return grant(
        enrollment=person,
        document=document,
        scopes=[("collect", "gps")],
        now=JOINED_AT,
        signer=person.user,
        signing=signing,
    )


def rewritten(event: ConsentEvent, **changes: Any) -> str:
    """What is found when a superuser changes an event and makes its hash fit."""
    for name, value in changes.items():
        setattr(event, name, value)
    tamper(ConsentEvent, event.pk, **changes, hash=event_hash(event))
    return str(verify())
