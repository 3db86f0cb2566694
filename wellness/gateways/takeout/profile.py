"""Who the person is here, what they agreed to, and who looked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from phenotyping.intake.models import Upload
from wellness.audit.models import AuditEntry
from wellness.audit.services import enrollment_chain
from wellness.consent.emergency import reason_of
from wellness.consent.majority import born_on
from wellness.consent.models import (
    ConsentDocument,
    ConsentEvent,
    ConsentState,
    PaperConsent,
    RecipientNotice,
)
from wellness.consent.paper import names_on
from wellness.studies.models import EmergencyAccess, Enrollment


def profile(person: Enrollment, now: datetime) -> dict[str, Any]:
    """Study, pseudonym, account, time zones and phones."""
    phones = ("platform", "given_name", "model_name", "os_version", "app_version", "created_at", "revoked_at")
    care = person.assignments.order_by("created_at").values("user__public_id", "created_at", "ended_at")
    account = person.user
    return {
        "participant": person.public_id,
        "study": person.study.name,
        "site": person.site.name if person.site else None,
        "code": person.code,
        "phase": person.phase,
        "started_at": person.started_at,
        "ended_at": person.ended_at,
        "account": {"email": account.email, "name": account.get_full_name()} if account else None,
        "born_on": born_on(person),
        "in_the_care_of": list(care),
        "time_zones": list(person.zone_changes.order_by("from_at").values("from_at", "zone")),
        "phones": [{name: getattr(one, name) for name in phones} for one in person.devices.order_by("pk")],
    }


def consent(person: Enrollment, now: datetime) -> dict[str, Any]:
    """Every act of consent, the texts it was about, and what is in force now."""
    events = ConsentEvent.objects.filter(enrollment=person).order_by("seq")
    documents = ConsentDocument.objects.filter(pk__in=events.values("document"))
    in_force = ConsentState.objects.filter(enrollment=person, valid_to=None).order_by("purpose", "stream")
    said = ("public_id", "seq", "at", "action", "capacity", "scopes", "covers_from", "withdrawal_mode")
    text = ("public_id", "version", "locale", "audience", "body", "body_sha256", "effective_from")
    return {
        "events": list(events.values(*said, "document__public_id", "document_sha256")),
        "documents": list(documents.order_by("version").values(*text)),
        "sheets": [_sheet(sheet) for sheet in PaperConsent.objects.filter(enrollment=person).order_by("pk")],
        "recipients": _recipients(person),
        "in_force": list(in_force.values("purpose", "stream", "valid_from", "covers_from")),
    }


def access(person: Enrollment, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Everything that was done with the person's data and who did it, oldest first; emergencies with why."""
    told = ("seq", "at", "actor", "actor_kind", "on_behalf_of", "action", "object", "purpose", "outcome")
    chain = AuditEntry.objects.filter(chain=enrollment_chain(person.public_id))
    opened = EmergencyAccess.objects.filter(enrollment=person).select_related("user").order_by("opened_at")
    return {
        "entries": list(chain.order_by("seq").values(*told, "reason")),
        "emergencies": [_emergency(one) for one in opened],
    }


def uploads(person: Enrollment, now: datetime) -> list[dict[str, Any]]:
    """What phones sent, with the receipts they got."""
    told = ("public_id", "received_at", "sent_at", "zone", "n_sent", "n_stored", "n_refused", "receipt")
    return list(Upload.objects.filter(enrollment=person).order_by("received_at", "pk").values(*told))


def _recipients(person: Enrollment) -> list[dict[str, Any]]:
    """Who else was told, or is to be told, of what was withdrawn; of accounts only the number."""
    told = ("recipient", "user__public_id", "about", "scopes", "withdrawn_at", "due_at", "told_at")
    return list(RecipientNotice.objects.filter(enrollment=person).order_by("pk").values(*told))


def _sheet(sheet: PaperConsent) -> dict[str, Any]:
    printed_name, witness = names_on(sheet)
    return {
        "signed_on": sheet.signed_on,
        "printed_name": printed_name,
        "witness": witness,
        "scan_sha256": sheet.scan_sha256,
        "scopes": sheet.scopes,
        "checked_at": sheet.checked_at,
    }


def _emergency(access: EmergencyAccess) -> dict[str, Any]:
    return {
        "by": access.user.public_id,
        "opened_at": access.opened_at,
        "expires_at": access.expires_at,
        "reason": reason_of(access),
        "verdict": access.verdict or None,
    }
