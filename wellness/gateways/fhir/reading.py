"""Consent of another installation, taken over: signed by its study, for a text in force here, or not at all.

Only what we write is read. A Consent that narrows or widens in a way we do not know is refused: what is not
understood cannot be kept.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import transaction

from wellness.consent import gate
from wellness.consent.force import in_force
from wellness.consent.jws import Altered, UnknownKey, verified
from wellness.consent.models import Action, Capacity, ConsentDocument, ConsentEvent
from wellness.consent.purposes import Scope
from wellness.consent.services import grant
from wellness.consent.signatures import Signing
from wellness.gateways.fhir import codes
from wellness.gateways.fhir.text import JSON, same_text
from wellness.gateways.fhir.writing import KIND
from wellness.lib.canonical import digest
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment

PublicKeys = Callable[[str], Ed25519PublicKey | None]
_CONSENT = {
    *("resourceType", "id", "meta", "status", "scope", "category", "patient", "dateTime", "performer"),
    *("organization", "sourceAttachment", "policy", "policyRule", "verification", "provision"),
}
_PERMIT = {"type", "period", "actor", "action", "purpose", "code", "dataPeriod"}
_REFUSED = "The consent cannot be read."


@dataclass(frozen=True)
class Switch:
    """One permit: what is agreed to, for data from when on, and until when."""

    scope: Scope
    covers_from: datetime
    until: datetime | None


@dataclass(frozen=True)
class Taken:
    """One Consent that is genuine and understood."""

    switches: tuple[Switch, ...]
    text: dict[str, Any]
    evidence: dict[str, str]


def keys_in(jwks: dict[str, Any]) -> PublicKeys:
    """The keys of a JSON Web Key Set, as the other installation publishes it."""
    try:
        found = {
            one["kid"]: Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(one["x"] + "=="))
            for one in jwks["keys"]
            if one["kty"] == "OKP" and one["crv"] == "Ed25519"
        }
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise Refusal("keys_unreadable", "The key set cannot be read.") from None
    return found.get


def read_bundle(bundle: Any, *, public: PublicKeys, now: datetime) -> list[Taken]:
    """The Consents of a bundle that hold now; Refusal when one is not genuine or not understood."""
    try:
        resources = [entry["resource"] for entry in bundle["entry"]]
        consents = [one for one in resources if one["resourceType"] == "Consent"]
        proofs = {
            one["target"][0]["reference"]: one for one in resources if one["resourceType"] == "Provenance"
        }
        return [
            _taken(one, _proven(one, proofs.get(f"Consent/{one['id']}"), public), now)
            for one in consents
            if one["status"] != "inactive"
        ]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, binascii.Error, RecursionError):
        raise Refusal("consent_unreadable", _REFUSED) from None


@transaction.atomic
def take_over(enrollment: Enrollment, taken: list[Taken], *, now: datetime) -> list[ConsentEvent]:
    """The import events by which a person has here what they had elsewhere; none when they have it."""
    person = gate.lock(enrollment)
    documents = [(_document(person, one), one) for one in taken]
    held = {
        (row.document_id, Switch((row.purpose, row.stream), row.covers_from, row.expires_at))
        for row in in_force(person, now=now)
    }
    if held == {(document.pk, switch) for document, one in documents for switch in one.switches}:
        return []
    _require_nobody_elses(person, taken)
    if ConsentEvent.objects.filter(enrollment=person).exists():
        raise Refusal("consent_own", "Whoever has decided here decides here.", status=409)
    return [event for document, one in documents for event in _grant(enrollment, document, one, now)]


def _grant(
    enrollment: Enrollment, document: ConsentDocument, taken: Taken, now: datetime
) -> Iterator[ConsentEvent]:
    """One event for all, so that nothing required is missing, then those that begin or end otherwise."""
    alike: defaultdict[tuple[datetime, datetime | None], list[Scope]] = defaultdict(list)
    for switch in taken.switches:
        alike[switch.covers_from, switch.until].append(switch.scope)
    base = max(alike, key=lambda terms: terms[0], default=None)
    if base is None:
        return
    steps = [(base, [switch.scope for switch in taken.switches])]
    steps += [(terms, scopes) for terms, scopes in alike.items() if terms != base]
    for (covers_from, until), scopes in steps:
        yield grant(
            enrollment=enrollment,
            document=document,
            scopes=scopes,
            now=now,
            covers_from=covers_from,
            until=until,
            capacity=Capacity.STAFF,
            action=Action.IMPORT,
            evidence=taken.evidence,
            reason="imported from FHIR",
            signing=Signing(method="import"),
        )


def _require_nobody_elses(person: Enrollment, taken: list[Taken]) -> None:
    """Refusal of a Consent that another person here has: it is one person's yes."""
    ids = [one.evidence["fhir_consent"] for one in taken]
    others = ConsentEvent.objects.exclude(enrollment=person)
    if others.filter(evidence__fhir_consent__in=ids).exists():
        raise Refusal("consent_of_another", "That is the consent of another person here.", status=409)


def _document(person: Enrollment, taken: Taken) -> ConsentDocument:
    found = same_text(person.study, taken.text)
    if found is None:
        raise Refusal("document_missing", "No document in force here says what was agreed to.", status=409)
    return found


def _proven(consent: dict[str, Any], provenance: dict[str, Any] | None, public: PublicKeys) -> dict[str, str]:
    """The evidence of a Consent whose study signed just it; Refusal otherwise."""
    if provenance is None:
        raise Refusal("signature_missing", "The consent is not signed.")
    token = base64.b64decode(provenance["signature"][0]["data"], validate=True).decode()
    try:
        kid, said = verified(token, kind=KIND, public=public)
    except UnknownKey:
        raise Refusal(
            "signature_unknown_key", "The consent was signed with a key that is not known."
        ) from None
    except Altered:
        raise Refusal("signature_broken", "The signature of the consent was altered.") from None
    sha256 = digest(consent)
    if said["sha256"] != sha256:
        raise Refusal("signature_broken", "The consent is not the one that was signed.")
    return {
        "fhir_consent": consent["id"],
        "version": consent["meta"]["versionId"],
        "sha256": sha256,
        "kid": kid,
        "source": said["iss"],
        "document": consent["policy"][0]["uri"],
    }


def _taken(consent: dict[str, Any], evidence: dict[str, str], now: datetime) -> Taken:
    root = consent["provision"]
    understood = (
        consent.keys() <= _CONSENT
        and consent["status"] == "active"
        and root.keys() <= {"type", "period", "provision"}
        and root["type"] == "deny"
        and consent["sourceAttachment"]["contentType"] == JSON
    )
    if not understood:
        raise Refusal("consent_unmapped", "The consent says what cannot be kept here.")
    text = json.loads(base64.b64decode(consent["sourceAttachment"]["data"], validate=True))
    switches = (_switch(permit, now) for permit in root["provision"])
    return Taken(tuple(one for one in switches if one.until is None or one.until > now), text, evidence)


def _switch(permit: dict[str, Any], now: datetime) -> Switch:
    """The switch that a permit is; Refusal when it is anything else."""
    purpose = permit["action"][0]["coding"][-1]["code"]
    stream = permit["code"][0]["coding"][-1]["code"]
    said = codes.PURPOSES.get(purpose)
    role = {"coding": [codes.coding(codes.ROLE, codes.RECIPIENT)]}
    understood = (
        said is not None
        and permit.keys() == _PERMIT
        and permit["type"] == "permit"
        and permit["action"] == [codes.action_of(purpose)]
        and permit["purpose"] == [codes.coding(codes.REASON, said.reason)]
        and permit["code"] == [codes.data_of(stream)]
        and [actor["role"] for actor in permit["actor"]] == [role]
    )
    if not understood or _instant(permit["period"]["start"]) > now:
        raise Refusal("consent_unmapped", "The consent permits what cannot be kept here.")
    end = permit["period"].get("end")
    return Switch(
        (purpose, stream), _instant(permit["dataPeriod"]["start"]), None if end is None else _instant(end)
    )


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant has a zone")
    return at
