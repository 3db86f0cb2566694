"""How purposes and streams are said in FHIR: the standard's own codes, and ours beside them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from wellness.consent import purposes
from wellness.studies.models import Study

HL7 = "http://terminology.hl7.org/CodeSystem/"
ACTION, REASON, ROLE = f"{HL7}consentaction", f"{HL7}v3-ActReason", f"{HL7}v3-ParticipationType"
SCOPE, POLICY, PROVENANCE = f"{HL7}consentscope", f"{HL7}v3-ActCode", f"{HL7}v3-DataOperation"
LOINC, OMH = "http://loinc.org", "https://w3id.org/openmhealth"
OUR_PURPOSE, OUR_STREAM = "urn:wellness:purpose", "urn:wellness:stream"
RECIPIENT = "IRCP"  # information recipient

SCOPES = MappingProxyType(
    {Study.Kind.RESEARCH: "research", Study.Kind.CARE: "treatment", Study.Kind.PERSONAL: "patient-privacy"}
)


@dataclass(frozen=True)
class Said:
    """A purpose in the words of FHIR: what is done, why, and who receives the data."""

    action: str
    reason: str
    recipient: str


STUDY, CLINICIANS, CAREGIVER = "study", "clinicians of the study", "caregiver"
RESEARCHERS, OUTSIDE = "researchers", "outside language model"
PURPOSES = MappingProxyType(
    {
        purposes.COLLECT: Said("collect", "HRESCH", STUDY),
        purposes.STORE: Said("access", "HRESCH", STUDY),
        purposes.FEATURE: Said("use", "HRESCH", STUDY),
        purposes.MODEL: Said("use", "HRESCH", STUDY),
        purposes.POPULATION: Said("use", "HRESCH", STUDY),
        purposes.INTERVENE: Said("use", "TREAT", STUDY),
        purposes.SHARE_CLINICIAN: Said("disclose", "TREAT", CLINICIANS),
        purposes.SHARE_CAREGIVER: Said("disclose", "FAMRQT", CAREGIVER),
        purposes.EXPORT_IDENTIFIED: Said("disclose", "HRESCH", RESEARCHERS),
        purposes.EXPORT_DEIDENTIFIED: Said("disclose", "HRESCH", RESEARCHERS),
        purposes.CONTACT_STUDY: Said("use", "HRESCH", STUDY),
        purposes.CONTACT_FUTURE: Said("use", "HRESCH", STUDY),
        purposes.GENAI: Said("disclose", "TREAT", OUTSIDE),
    }
)
# Schemas of Open mHealth for the streams that have one.
SCHEMAS = MappingProxyType(
    {
        "gps": "omh:geoposition:1.0",
        "accelerometer": "omh:acceleration:1.0",
        "steps": "omh:step-count:3.0",
        "heart_rate": "omh:heart-rate:2.0",
        "sleep_episode": "omh:sleep-episode:1.1",
        "activity": "omh:physical-activity:1.2",
        "light": "omh:ambient-light:1.0",
    }
)


def coding(system: str, code: str) -> dict[str, str]:
    """One code of a code system."""
    return {"system": system, "code": code}


def action_of(purpose: str) -> dict[str, Any]:
    """A purpose as a concept: the standard's action, and exactly which of ours it is."""
    return {"coding": [coding(ACTION, PURPOSES[purpose].action), coding(OUR_PURPOSE, purpose)]}


def data_of(stream: str) -> dict[str, Any]:
    """A stream as a concept: ours, and the schema of Open mHealth where there is one."""
    schema = [coding(OMH, SCHEMAS[stream])] if stream in SCHEMAS else []
    return {"coding": [*schema, coding(OUR_STREAM, stream)]}
