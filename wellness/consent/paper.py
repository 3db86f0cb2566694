"""Consent signed on paper: one of the staff records the sheet, another checks it, and only then it counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from wellness.accounts.models import User
from wellness.audit.models import Outcome
from wellness.audit.services import enrollment_chain, record
from wellness.consent import conditions, gate
from wellness.consent.models import Capacity, ConsentDocument, ConsentNotice, PaperConsent
from wellness.consent.projection import held
from wellness.consent.purposes import Scope, expand
from wellness.consent.services import grant
from wellness.consent.signatures import Signing
from wellness.lib.ids import uuid7
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Enrollment

_SHA256 = re.compile(r"[0-9a-f]{64}")


@transaction.atomic
def record_sheet(
    *,
    enrollment: Enrollment,
    document: ConsentDocument,
    scopes: Iterable[Scope],
    capacity: str,
    signed_on: date,
    scan_sha256: str,
    printed_name: str,
    witness: str,
    recorded_by: User,
    now: datetime,
) -> PaperConsent:
    """A sheet that awaits its check; it grants nothing yet."""
    person = gate.lock(enrollment)
    conditions.require_staff(person, recorded_by)
    _require_evidence(scan_sha256, printed_name, witness)
    if signed_on > person.zones().local_date(now):
        raise Refusal("signed_in_future", "That day has not come yet.", field="signed_on")
    agreed = expand(scopes)
    conditions.require_in_force(person, document, now)
    if Capacity(capacity) not in conditions.CAPACITIES[document.audience] or capacity == Capacity.STAFF:
        raise Refusal("capacity_of_other_document", "Nobody signs that document so.", field="capacity")
    conditions.require_offered(person, document, agreed, held(person), now)
    public_id = uuid7()
    sheet = PaperConsent.objects.create(
        public_id=public_id,
        enrollment=person,
        document=document,
        scopes=[list(scope) for scope in agreed],
        capacity=Capacity(capacity),
        signed_on=signed_on,
        scan_sha256=scan_sha256,
        sealed_names=keys.seal_json(person, _context(public_id), [printed_name.strip(), witness.strip()]),
        recorded_by=recorded_by,
        recorded_at=now,
    )
    _record("record", sheet, recorded_by, now)
    return sheet


@transaction.atomic
def check_sheet(*, sheet: PaperConsent, checked_by: User, accepted: bool, now: datetime) -> PaperConsent:
    """The sheet with the second person's verdict; accepted, it is a grant, and the participant is told."""
    person = gate.lock(sheet.enrollment)
    sheet = PaperConsent.objects.select_related("document", "recorded_by").get(pk=sheet.pk)
    conditions.require_staff(person, checked_by)
    if sheet.checked_at is not None:
        raise Refusal("checked_already", "That sheet was checked already.", status=409)
    if sheet.recorded_by_id == checked_by.pk:
        raise Refusal("second_person", "Somebody else has to check what you recorded.", status=403)
    sheet.checked_by, sheet.checked_at = checked_by, now
    if accepted:
        conditions.require_open(person, now)
        printed_name, witness = names_on(sheet)
        sheet.event = grant(
            enrollment=person,
            document=sheet.document,
            scopes=[(purpose, stream) for purpose, stream in sheet.scopes],
            now=now,
            capacity=Capacity.STAFF,
            evidence={
                "sheet": str(sheet.public_id),
                "scan_sha256": sheet.scan_sha256,
                "signed_on": sheet.signed_on.isoformat(),
                "capacity": str(sheet.capacity),
                "witness": keys.digest(person, witness),
                "recorded_by": str(sheet.recorded_by.public_id),
                "checked_by": str(checked_by.public_id),
            },
            signing=Signing(printed_name=printed_name, method="paper"),
        )
        ConsentNotice.objects.create(enrollment=person, event=sheet.event, run_after=now)
    sheet.save(update_fields=["checked_by", "checked_at", "event"])
    _record("accept" if accepted else "reject", sheet, checked_by, now)
    return sheet


def _require_evidence(scan_sha256: str, printed_name: str, witness: str) -> None:
    if not _SHA256.fullmatch(scan_sha256):
        raise Refusal("scan_missing", "A sheet has a scan, known by its SHA-256.", field="scan_sha256")
    for field, name in (("printed_name", printed_name), ("witness", witness)):
        if not name.strip():
            raise Refusal("name_missing", "A sheet names who signed and who saw it.", field=field)
    if printed_name.strip().casefold() == witness.strip().casefold():
        raise Refusal("witness_of_oneself", "The witness is somebody else.", field="witness")


def _record(verb: str, sheet: PaperConsent, user: User, now: datetime) -> None:
    record(
        chain=enrollment_chain(sheet.enrollment.public_id),
        actor=user.actor,
        action=f"paper_consent.{verb}",
        object=f"paper_consent:{sheet.public_id}",
        outcome=Outcome.DONE,
        at=now,
    )


def names_on(sheet: PaperConsent) -> tuple[str, str]:
    """Who signed a sheet, as printed on it, and who witnessed it."""
    sealed, context = bytes(sheet.sealed_names), _context(sheet.public_id)
    printed_name, witness = keys.unseal_json(sheet.enrollment, context, sealed)
    return printed_name, witness


def _context(public_id: object) -> str:
    return f"paper_consent|{public_id}|names"
