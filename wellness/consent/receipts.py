"""The receipt of an act of consent: a signed record that the person keeps and anybody can have verified.

Fields and their order are those of ISO/IEC TS 27560:2023; it travels as a JWS. It holds what was agreed to,
never a name, an account or a value of anybody's health.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import models

from wellness.audit.services import Actor, enrollment_chain, record
from wellness.consent.jws import signed
from wellness.consent.models import Action, Capacity, ConsentEvent, ConsentScope
from wellness.consent.purposes import PURPOSES, Scope
from wellness.lib.clock import from_us
from wellness.studies.models import Enrollment

SCHEMA = "ISO/IEC TS 27560:2023"
TYPE = "consent-receipt+jwt"
STATES = MappingProxyType(
    {
        Action.GRANT: "given",
        Action.REAFFIRM: "given",
        Action.IMPORT: "given",
        Action.RESUME: "given",
        Action.DENY: "refused",
        Action.WITHDRAW: "withdrawn",
        Action.PAUSE: "paused",
        Action.EXPIRE: "expired",
        Action.SUPERSEDE: "invalidated",
        Action.PROXY: "proxy changed",
    }
)
_Terms = tuple[bool, int | None, str, int | None]  # required, days kept, recipients, valid until (us)


def issued(event: ConsentEvent) -> str:
    """The receipt of an event as a JWS: the same text each time, as long as the secret is the same."""
    return signed(event.enrollment.study, contents(event), kind=TYPE, now=event.at)


def own_events(enrollment: Enrollment) -> models.QuerySet[ConsentEvent]:
    """A person's acts of consent, newest first, with all that a receipt needs."""
    found = ConsentEvent.objects.filter(enrollment=enrollment).order_by("-seq")
    return found.select_related("enrollment__study", "document")


def read(event: ConsentEvent, *, actor: Actor, action: str, now: datetime) -> None:
    """Record that somebody looked at the receipt of an event, or took a copy of it."""
    record(
        chain=enrollment_chain(event.enrollment.public_id),
        actor=actor,
        action=f"consent_receipt.{action}",
        object=f"consent_event:{event.public_id}",
        epoch=event.enrollment.consent_epoch,
        at=now,
    )


def contents(event: ConsentEvent) -> dict[str, Any]:
    """What the receipt of an event says, in the order of the standard."""
    study = event.enrollment.study
    return {
        "schema_version": SCHEMA,
        "record_id": _urn(event.public_id),
        "pii_principal_id": _urn(event.enrollment.public_id),
        "pii_processing": _processing(event),
        "party_identification": [
            {
                "party_id": _urn(study.public_id),
                "party_role": "controller",
                "party_name": study.name,
                "party_description": event.document.body.get("controller", ""),
                "party_contact": event.document.body.get("contact", ""),
            }
        ],
        "events": [_event(event)],
        "iss": _urn(study.public_id),
        "iat": int(event.at.timestamp()),
    }


def _processing(event: ConsentEvent) -> dict[str, Any]:
    document = event.document
    return {
        "privacy_notice": {
            "uri": f"/app/privacy/receipts/{event.public_id}/copy.pdf",
            "document_id": _urn(document.public_id),
            "version": document.version,
            "audience": str(document.audience),
            "sha256": event.document_sha256,
        },
        "language": document.locale,
        "purposes": list(_purposes(event)),
        "storage": document.body.get("retention", ""),
        "recipients": document.body.get("recipients", ""),
        "jurisdiction": document.body.get("transfers", ""),
        "withdrawal_method": document.body.get("withdrawal", ""),
        "privacy_rights": document.body.get("rights", ""),
    }


def _purposes(event: ConsentEvent) -> Iterator[dict[str, Any]]:
    """Each purpose once, with its kinds of data: those under the same terms together."""
    terms, until = _terms(event), {(purpose, stream): at for purpose, stream, at in event.expiries}
    grouped: defaultdict[str, defaultdict[_Terms, list[str]]] = defaultdict(lambda: defaultdict(list))
    for purpose, stream in event.scopes:
        required, days, recipients = terms.get((purpose, stream), (False, None, ""))
        key = (required, days, recipients, until.get((purpose, stream)))
        grouped[purpose][key].append(stream)
    for purpose, groups in grouped.items():
        yield {
            "purpose": purpose,
            "purpose_description": PURPOSES[purpose],
            "lawful_basis": "consent",
            "pii_information": [_information(key, streams) for key, streams in groups.items()],
        }


def _information(terms: _Terms, streams: list[str]) -> dict[str, Any]:
    required, days, recipients, until = terms
    return {
        "pii_type": streams,
        "pii_optional": not required,
        "retention_period": None if days is None else f"P{days}D",
        "recipient_third_parties": recipients,
        "valid_until": None if until is None else from_us(until).isoformat(),
    }


def _event(event: ConsentEvent) -> dict[str, Any]:
    return {
        "event_time": event.at.isoformat(),
        "event_type": str(event.action),
        "event_state": STATES[Action(event.action)],
        "entity_role": Capacity(event.capacity).label,
        "meaning": event.signature["meaning"],
        "method": event.signature["method"],
        "signature": {name: event.signature[name] for name in ("kid", "alg", "payload_sha256")},
    }


def _terms(event: ConsentEvent) -> dict[Scope, tuple[bool, int | None, str]]:
    scopes = ConsentScope.objects.filter(document=event.document)
    rows = scopes.values_list("purpose", "stream", "required", "retention_days", "recipients")
    return {(purpose, stream): (required, days, whom) for purpose, stream, required, days, whom in rows}


def _urn(public_id: object) -> str:
    return f"urn:uuid:{public_id}"
