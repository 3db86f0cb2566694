"""Consent as FHIR R4: the shape that the standard asks for."""

import base64
import json

from tests.wellness.gateways.fhir.conftest import NOW, resources
from wellness.audit.services import SERVICE
from wellness.consent.force import in_force
from wellness.consent.purposes import CONSENT_STREAMS, PURPOSES
from wellness.gateways.fhir import codes
from wellness.gateways.fhir.writing import consent_bundle, export_consent
from wellness.studies.models import Enrollment

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
