"""What a person agrees to, as FHIR R4 Consent: denied at the root, one permit for each switch that is on.

There is a Consent for each text that the person agreed to, and a Provenance with the study's signature.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import uuid5

from django.db import transaction

from wellness.audit.services import Actor, enrollment_chain, record
from wellness.consent.force import in_force
from wellness.consent.jws import signed
from wellness.consent.models import Capacity, ConsentEvent, ConsentState
from wellness.consent.windows import Window, union
from wellness.gateways.fhir import codes
from wellness.gateways.fhir.text import JSON, attachment
from wellness.lib.canonical import digest
from wellness.studies.models import Enrollment, Study

KIND = "fhir-consent+jwt"
AUTHOR = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.5"}  # verification signature
PRIVACY_CONSENT = "59284-0"


@transaction.atomic
def export_consent(enrollment: Enrollment, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """`consent_bundle`, and the record that it was handed out."""
    record(
        chain=enrollment_chain(enrollment.public_id),
        actor=actor,
        action="consent.export",
        object=f"enrollment:{enrollment.public_id}",
        reason="FHIR R4 Consent",
        epoch=enrollment.consent_epoch,
        at=now,
    )
    return consent_bundle(enrollment, now=now)


def consent_bundle(enrollment: Enrollment, *, now: datetime) -> dict[str, Any]:
    """Everything the person agrees to now, as a collection: Patient, ResearchStudy, Consents, Provenances."""
    rows, covered = in_force(enrollment, now=now), _covered(enrollment)
    by_document: dict[int, list[ConsentState]] = {}
    for row in rows.select_related("document", "event").order_by("document", "purpose", "stream", "party"):
        row.covers_from = covered.get((row.purpose, row.stream, row.party), row.covers_from)
        by_document.setdefault(row.document_id, []).append(row)
    entries = [_patient(enrollment), _study(enrollment), _organization(enrollment)]
    for held in by_document.values():
        consent = _consent(enrollment, held, now)
        entries += [consent, _provenance(enrollment, consent, now)]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": now.isoformat(),
        "entry": [{"fullUrl": _url(one), "resource": one} for one in entries],
    }


def _covered(enrollment: Enrollment) -> dict[tuple[str, str, str], datetime]:
    """Since when, without a gap, data of a switch that is on are covered: by earlier grants, too."""
    windows: defaultdict[tuple[str, str, str], list[Window]] = defaultdict(list)
    for row in ConsentState.objects.filter(enrollment=enrollment):
        windows[row.purpose, row.stream, row.party].append((row.covers_from, row.valid_to))
    joined = {switch: union(found)[-1] for switch, found in windows.items() if union(found)}
    return {switch: since for switch, (since, until) in joined.items() if until is None}


def _patient(enrollment: Enrollment) -> dict[str, Any]:
    """A pseudonym, nothing else."""
    own = str(enrollment.public_id)
    return {"resourceType": "Patient", "id": own, "identifier": [{"value": f"urn:uuid:{own}"}]}


def _study(enrollment: Enrollment) -> dict[str, Any]:
    status = "completed" if enrollment.study.ended_at else "active"
    study_id = str(enrollment.study.public_id)
    return {"resourceType": "ResearchStudy", "id": study_id, "status": status, "title": enrollment.study.name}


def _organization(enrollment: Enrollment) -> dict[str, Any]:
    """Who answers for the study."""
    return {
        "resourceType": "Organization",
        "id": _organization_id(enrollment),
        "active": True,
        "name": enrollment.study.name,
    }


def _consent(enrollment: Enrollment, held: list[ConsentState], now: datetime) -> dict[str, Any]:
    document, study = held[0].document, enrollment.study
    latest: ConsentEvent = max((row.event for row in held), key=lambda event: event.seq)
    patient = {"reference": f"Patient/{enrollment.public_id}"}
    return {
        "resourceType": "Consent",
        "id": str(uuid5(enrollment.public_id, str(document.public_id))),
        "meta": {"versionId": str(enrollment.consent_epoch), "lastUpdated": now.isoformat()},
        "status": "active",
        "scope": {"coding": [codes.coding(codes.SCOPE, codes.SCOPES[Study.Kind(study.kind)])]},
        "category": [{"coding": [codes.coding(codes.LOINC, PRIVACY_CONSENT)]}],
        "patient": patient,
        "dateTime": latest.at.isoformat(),
        "performer": [
            patient if latest.capacity == Capacity.SELF else {"display": latest.get_capacity_display()}
        ],
        "organization": [{"reference": f"Organization/{_organization_id(enrollment)}"}],
        "sourceAttachment": attachment(document),
        "policy": [{"uri": f"urn:uuid:{document.public_id}#sha256-{document.body_sha256}"}],
        "policyRule": {"coding": [codes.coding(codes.POLICY, "OPTIN")]},
        "verification": [{"verified": True, "verificationDate": latest.at.isoformat()}],
        "provision": {
            "type": "deny",
            "period": {"start": min(row.valid_from for row in held).isoformat()},
            "provision": [_permit(enrollment, row) for row in held],
        },
    }


def _permit(enrollment: Enrollment, row: ConsentState) -> dict[str, Any]:
    """One switch: for whom, what is done, why, with which data, from when to when."""
    said = codes.PURPOSES[row.purpose]
    period = {"start": row.valid_from.isoformat()}
    if row.expires_at is not None:
        period["end"] = row.expires_at.isoformat()
    study = {"reference": f"Organization/{_organization_id(enrollment)}"}
    return {
        "type": "permit",
        "period": period,
        "actor": [
            {
                "role": {"coding": [codes.coding(codes.ROLE, codes.RECIPIENT)]},
                "reference": study if said.recipient == codes.STUDY else {"display": said.recipient},
            }
        ],
        "action": [codes.action_of(row.purpose)],
        "purpose": [codes.coding(codes.REASON, said.reason)],
        "code": [codes.data_of(row.stream)],
        "dataPeriod": {"start": row.covers_from.isoformat()},
    }


def _provenance(enrollment: Enrollment, consent: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Who says so: the study's signature over the whole Consent, which moves with no other."""
    study = enrollment.study
    said = {"sha256": digest(consent), "iss": f"urn:uuid:{study.public_id}", "iat": int(now.timestamp())}
    who = {"reference": f"Organization/{_organization_id(enrollment)}"}
    token = signed(study, said, kind=KIND, now=now)
    return {
        "resourceType": "Provenance",
        "id": str(uuid5(enrollment.public_id, f"{consent['id']} provenance")),
        "target": [{"reference": f"Consent/{consent['id']}"}],
        "recorded": now.isoformat(),
        "activity": {"coding": [codes.coding(codes.PROVENANCE, "CREATE")]},
        "agent": [{"who": who}],
        "signature": [
            {
                "type": [AUTHOR],
                "when": now.isoformat(),
                "who": who,
                "targetFormat": JSON,
                "sigFormat": "application/jose",
                "data": base64.b64encode(token.encode()).decode(),
            }
        ],
    }


def _url(resource: dict[str, Any]) -> str:
    return f"urn:uuid:{resource['id']}"


def _organization_id(enrollment: Enrollment) -> str:
    return str(uuid5(enrollment.study.public_id, "organization"))
