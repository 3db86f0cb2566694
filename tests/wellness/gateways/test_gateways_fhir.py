"""Consent as FHIR R4: the shape the standard asks for, and the same rights after a round trip."""

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.factories import JOINED_AT
from wellness.audit.services import SERVICE
from wellness.consent import gate
from wellness.consent.documents import approve, publish
from wellness.consent.force import in_force
from wellness.consent.models import Action, ConsentDocument, ConsentEvent
from wellness.consent.purposes import CONSENT_STREAMS, PURPOSES, Scope
from wellness.consent.services import grant, withdraw
from wellness.consent.verification import verify, verify_person
from wellness.gateways.fhir import codes
from wellness.gateways.fhir.reading import Taken, keys_in, read_bundle, take_over
from wellness.gateways.fhir.writing import consent_bundle, export_consent
from wellness.lib.canonical import digest
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Study

NOW = JOINED_AT + timedelta(days=3)
ROUND_TRIPS = int(os.environ.get("ROUND_TRIPS", "8"))
Bundle = dict[str, Any]

# interop.md 8.1: what R4 requires of each resource, and of the parts that we use.
REQUIRED = {
    "Bundle": {"type"},
    "Patient": set(),
    "Organization": {"name"},
    "ResearchStudy": {"status"},
    "Consent": {"status", "scope", "category", "patient", "policy"},
    "Provenance": {"target", "recorded", "agent"},
}
PERMIT = {"type", "period", "actor", "action", "purpose", "code", "dataPeriod"}


@pytest.fixture
def there(study: Study) -> Study:
    """Another installation's study, with a document of the same words."""
    made = factories.study("cove")
    factories.consent_document(made)
    return made


@pytest.fixture
def eve(there: Study) -> Enrollment:
    """Who comes to the other installation: the same person, who has agreed to nothing there."""
    return factories.enrollment(there, "eve", joined_at=NOW)


@pytest.fixture
def public(db: None) -> Callable[[], Any]:
    """The keys, as they are published."""
    return lambda: keys_in(Client().get("/.well-known/consent-keys.json").json())


def resources(bundle: Bundle, kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def rights(person: Enrollment, at: datetime = NOW) -> dict[str, Any]:
    """All that consent decides: the switches, what the gate lets through, and for data of which time."""
    person = Enrollment.objects.get(pk=person.pk)
    streams = (*CONSENT_STREAMS, "*")
    return {
        "switches": {
            (row.purpose, row.stream, row.party): row.expires_at for row in in_force(person, now=at)
        },
        "permitted": {purpose: set(gate.permitted(person, purpose, streams, at=at)) for purpose in PURPOSES},
        "covered": {
            purpose: {s: [w for w in windows if w[1] is None or w[1] > at] for s, windows in found.items()}
            for purpose in PURPOSES
            for found in [gate.periods(person, purpose, streams)]
        },
    }


def test_the_shape_is_what_the_standard_requires(ada: Enrollment) -> None:
    bundle = consent_bundle(ada, now=NOW)
    assert bundle["type"] == "collection"
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert REQUIRED[resource["resourceType"]] <= resource.keys()
        assert entry["fullUrl"] == f"urn:uuid:{resource['id']}"
    [consent] = resources(bundle, "Consent")
    assert consent["scope"]["coding"][0]["code"] == "research"
    assert consent["category"][0]["coding"] == [{"system": "http://loinc.org", "code": "59284-0"}]
    assert consent["policyRule"]["coding"][0]["code"] == "OPTIN"
    assert consent["verification"][0]["verified"] is True
    root = consent["provision"]
    assert root["type"] == "deny"
    assert len(root["provision"]) == in_force(ada, now=NOW).count()
    for permit in root["provision"]:
        assert permit.keys() == PERMIT
        assert permit["type"] == "permit"
        assert {"role", "reference"} == permit["actor"][0].keys()
    assert {permit["action"][0]["coding"][0]["code"] for permit in root["provision"]} <= {
        "collect",
        "access",
        "use",
        "disclose",
    }


def test_one_permit_in_the_words_of_the_standard(ada: Enrollment) -> None:
    [consent] = resources(consent_bundle(ada, now=NOW), "Consent")
    [gps] = [
        permit
        for permit in consent["provision"]["provision"]
        if permit["action"] == [codes.action_of("share.clinician")]
        and permit["code"] == [codes.data_of("gps")]
    ]
    hl7 = "http://terminology.hl7.org/CodeSystem/"
    assert gps == {
        "type": "permit",
        "period": {"start": "2026-01-05T09:00:00+00:00"},
        "actor": [
            {
                "role": {"coding": [{"system": f"{hl7}v3-ParticipationType", "code": "IRCP"}]},
                "reference": {"display": "clinicians of the study"},
            }
        ],
        "action": [
            {
                "coding": [
                    {"system": f"{hl7}consentaction", "code": "disclose"},
                    {"system": "urn:wellness:purpose", "code": "share.clinician"},
                ]
            }
        ],
        "purpose": [{"system": f"{hl7}v3-ActReason", "code": "TREAT"}],
        "code": [
            {
                "coding": [
                    {"system": "https://w3id.org/openmhealth", "code": "omh:geoposition:1.0"},
                    {"system": "urn:wellness:stream", "code": "gps"},
                ]
            }
        ],
        "dataPeriod": {"start": "2010-01-01T00:00:00+00:00"},
    }


def test_every_purpose_has_words() -> None:
    assert set(codes.PURPOSES) == set(PURPOSES)
    assert set(codes.SCHEMAS) <= set(CONSENT_STREAMS)


def test_the_text_travels_with_its_digest_and_nobody_is_named(ada: Enrollment) -> None:
    bundle = consent_bundle(ada, now=NOW)
    [consent] = resources(bundle, "Consent")
    document = ada.study.consent_documents.get()
    text = json.loads(base64.b64decode(consent["sourceAttachment"]["data"]))
    assert text["body"] == document.body
    assert consent["policy"][0]["uri"].endswith(document.body_sha256)
    for secret in ("Ada", "ada@example.org", str(ada.user.public_id)):
        assert secret not in json.dumps(bundle)


def test_handing_out_is_recorded(ada: Enrollment) -> None:
    from wellness.audit.models import AuditEntry
    from wellness.audit.services import enrollment_chain

    export_consent(ada, actor=SERVICE, now=NOW)
    assert (
        AuditEntry.objects.filter(chain=enrollment_chain(ada.public_id)).latest("seq").action
        == "consent.export"
    )


def test_a_round_trip_gives_the_same_rights_with_evidence(
    ada: Enrollment, eve: Enrollment, public: Callable[[], Any]
) -> None:
    bundle = json.loads(json.dumps(consent_bundle(ada, now=NOW)))
    taken = read_bundle(bundle, public=public(), now=NOW)
    [event] = take_over(eve, taken, now=NOW)
    assert rights(eve) == rights(ada)
    assert (event.action, event.capacity) == (Action.IMPORT, "staff")
    [consent] = resources(bundle, "Consent")
    assert event.evidence["sha256"] == digest(consent)
    assert event.evidence["source"] == f"urn:uuid:{ada.study.public_id}"
    assert take_over(eve, taken, now=NOW) == []
    assert verify() is None


@dataclass(frozen=True)
class Yes:
    scopes: frozenset[Scope]
    covers_min: int
    days: int | None


SCOPES = st.sets(
    st.tuples(st.sampled_from(sorted(PURPOSES)), st.sampled_from(["gps", "screen", "survey"])), min_size=1
).map(frozenset)
YESES = st.lists(
    st.builds(Yes, SCOPES, st.sampled_from([0, 0, 60, 9_000]), st.sampled_from([None, None, 2, 5, 90])),
    max_size=5,
)


@settings(
    max_examples=ROUND_TRIPS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(yeses=YESES, taken_back=st.none() | SCOPES)
def test_whatever_is_agreed_to_comes_over_as_it_is(
    there: Study,
    study: Study,
    public: Callable[[], Any],
    yeses: list[Yes],
    taken_back: frozenset[Scope] | None,
) -> None:
    with transaction.atomic():
        before = factories.enrollment(study, "before")
        after = factories.enrollment(there, "after", joined_at=NOW)
        document = study.consent_documents.first() or factories.consent_document(study)
        perform(before, document, yeses, taken_back)
        bundle = json.loads(json.dumps(consent_bundle(before, now=NOW)))
        take_over(after, read_bundle(bundle, public=public(), now=NOW), now=NOW)
        assert rights(after) == rights(before)
        assert verify_person(after) is None
        transaction.set_rollback(True)


def perform(
    person: Enrollment, document: ConsentDocument, yeses: list[Yes], taken_back: frozenset[Scope] | None
) -> None:
    for n, yes in enumerate(yeses):
        now = JOINED_AT + timedelta(minutes=n)
        grant(
            enrollment=person,
            document=document,
            scopes=yes.scopes,
            now=now,
            covers_from=now - timedelta(minutes=yes.covers_min),
            until=None if yes.days is None else JOINED_AT + timedelta(days=yes.days),
        )
    if yeses and taken_back is not None:
        withdraw(enrollment=person, now=JOINED_AT + timedelta(hours=1), scopes=taken_back)


def code_of(act: Callable[[], Any]) -> str:
    with pytest.raises(Refusal) as refused:
        act()
    return refused.value.code


@pytest.fixture
def bundle(ada: Enrollment) -> Bundle:
    return dict(json.loads(json.dumps(consent_bundle(ada, now=NOW))))


CHANGES: list[tuple[list[Any], Any]] = [
    (["status"], "proposed"),
    (["patient", "reference"], "Patient/other"),
    (["provision", "type"], "permit"),
    (["provision", "provision", 0, "dataPeriod", "start"], "1999-01-01T00:00:00+00:00"),
    (["sourceAttachment", "data"], "e30="),
    (["policy", 0, "uri"], "urn:uuid:other"),
    (["modifierExtension"], [{"url": "x"}]),
]


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_a_changed_consent_is_refused(
    bundle: Bundle, eve: Enrollment, public: Callable[[], Any], path: list[Any], value: Any
) -> None:
    [inner] = resources(bundle, "Consent")
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert code_of(lambda: read_bundle(bundle, public=public(), now=NOW)) == "signature_broken"
    assert not ConsentEvent.objects.filter(enrollment=eve).exists()


def test_an_unsigned_or_foreign_consent_is_refused(bundle: Bundle, public: Callable[[], Any]) -> None:
    assert (
        code_of(lambda: read_bundle(bundle, public=keys_in({"keys": []}), now=NOW)) == "signature_unknown_key"
    )
    [proof] = resources(bundle, "Provenance")
    proof["target"] = [{"reference": "Consent/other"}]
    assert code_of(lambda: read_bundle(bundle, public=public(), now=NOW)) == "signature_missing"
    for broken in (
        {},
        [],
        None,
        {"entry": [1]},
        {"entry": [{"resource": {"resourceType": "Consent", "id": 1}}]},
    ):
        assert (
            code_of(lambda broken=broken: read_bundle(broken, public=public(), now=NOW))
            == "consent_unreadable"
        )


def test_what_is_signed_but_not_understood_is_refused(
    ada: Enrollment, public: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wellness.gateways.fhir import writing

    plain = writing._permit

    def narrowed(enrollment: Enrollment, row: Any) -> dict[str, Any]:
        return plain(enrollment, row) | {"securityLabel": [{"code": "R"}]}

    monkeypatch.setattr(writing, "_permit", narrowed)
    strange = consent_bundle(ada, now=NOW)
    assert code_of(lambda: read_bundle(strange, public=public(), now=NOW)) == "consent_unmapped"


def taken(bundle: Bundle, public: Callable[[], Any]) -> list[Taken]:
    return read_bundle(bundle, public=public(), now=NOW)


def test_it_needs_the_same_text_here(bundle: Bundle, study: Study, public: Callable[[], Any]) -> None:
    bare = factories.enrollment(factories.study("bay"), "eve")
    assert code_of(lambda: take_over(bare, taken(bundle, public), now=NOW)) == "document_missing"


def test_who_has_decided_here_is_not_overruled(
    bundle: Bundle, eve: Enrollment, public: Callable[[], Any]
) -> None:
    document = eve.study.consent_documents.get()
    grant(enrollment=eve, document=document, scopes=[("collect", "gps")], now=NOW)
    withdraw(enrollment=eve, now=NOW)
    assert code_of(lambda: take_over(eve, taken(bundle, public), now=NOW)) in {
        "consent_own",
        "enrollment_ended",
    }


def test_one_persons_consent_is_nobody_elses(
    bundle: Bundle, eve: Enrollment, public: Callable[[], Any]
) -> None:
    take_over(eve, taken(bundle, public), now=NOW)
    other = factories.enrollment(eve.study, "mallory")
    assert code_of(lambda: take_over(other, taken(bundle, public), now=NOW)) == "consent_of_another"


def test_withdrawn_consent_is_empty(ada: Enrollment, eve: Enrollment, public: Callable[[], Any]) -> None:
    withdraw(enrollment=ada, now=NOW)
    empty = consent_bundle(ada, now=NOW)
    assert resources(empty, "Consent") == []
    assert take_over(eve, taken(empty, public), now=NOW) == []


def test_the_command_hands_out_drafts_and_takes_over(
    ada: Enrollment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, keys = tmp_path / "consent.json", tmp_path / "keys.json"
    call_command("consent_fhir", "export", str(path), study="harbour", participant="ada")
    keys.write_bytes(Client().get("/.well-known/consent-keys.json").content)
    there = factories.study("bay")
    factories.enrollment(there, "eve")
    given = {"study": "bay", "participant": "eve", "keys": keys}
    with pytest.raises(CommandError, match="document_missing"):
        call_command("consent_fhir", "import", str(path), **given)
    call_command("consent_fhir", "import", str(path), **given, draft=True)
    drafted = there.consent_documents.get()
    assert drafted.state == ConsentDocument.State.DRAFT
    for name in ("eva", "finn"):
        approve(document=drafted, approver=factories.approver(there, name))
    publish(document=drafted, now=JOINED_AT)
    call_command("consent_fhir", "import", str(path), **given)
    assert "1 import events for eve" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--keys"):
        call_command("consent_fhir", "import", str(path), study="bay", participant="eve")
    with pytest.raises(CommandError, match="no participant"):
        call_command("consent_fhir", "export", str(path), study="bay", participant="nobody")
