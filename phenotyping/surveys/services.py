"""Writing answers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from phenotyping.surveys import hooks
from phenotyping.surveys.instruments import Values, checked
from phenotyping.surveys.models import Answer, Instrument, Prompt
from wellness.audit.services import SERVICE, enrollment_chain, record
from wellness.consent import gate
from wellness.consent.purposes import STORE, SURVEY
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Device, Enrollment

AHEAD = timedelta(minutes=5)
MAX_REASON = 500


def answer(
    *,
    enrollment: Enrollment,
    instrument: Instrument,
    public_id: UUID,
    values: Mapping[str, Any],
    recorded_at: datetime,
    now: datetime,
    device: Device | None = None,
    prompt: Prompt | None = None,
) -> Answer:
    """The stored answer; sending the same id again gives the first one back and stores nothing.

    Raises Refusal for values that do not fit or an id used for something else, ConsentDenied without consent.
    """
    sheet = checked(instrument, values)
    if recorded_at > now + AHEAD:
        raise Refusal("time_in_future", "The answer's time is in the future.", field="recorded_at")
    with transaction.atomic():
        person = gate.lock(enrollment)
        if known := Answer.objects.filter(public_id=public_id).first():
            return _same(known, person, sheet)
        permit = _permit(person, recorded_at, now)
        row = Answer(
            public_id=public_id, enrollment=person, instrument=instrument, prompt=prompt, device=device
        )
        row.recorded_at, row.received_at = recorded_at, now
        _seal(row, sheet, permit)
        row.save()
        if prompt is not None:
            Prompt.objects.filter(pk=prompt.pk).update(state=Prompt.State.ANSWERED)
        hooks.tell(row, sheet, now)
    return row


def correct(
    *,
    original: Answer,
    public_id: UUID,
    values: Mapping[str, Any],
    reason: str,
    now: datetime,
    device: Device | None = None,
) -> Answer:
    """The answer that takes an earlier one's place, as of the same time; the earlier one stays readable.

    Striking an answer out is correcting every item to None. Sending the same id again gives the correction
    back. Refusal without a reason, or for an answer that was corrected before: correct the later one then.
    """
    sheet, reason = checked(original.instrument, values), reason.strip()
    if not reason or len(reason) > MAX_REASON:
        message = f"Say why, in at most {MAX_REASON} characters."
        raise Refusal("reason_required", message, field="reason")
    with transaction.atomic():
        person = gate.lock(original.enrollment)
        if known := Answer.objects.filter(public_id=public_id).first():
            return _same(known, person, sheet)
        if Answer.objects.filter(replaces=original).exists():
            message = "This answer was corrected before; correct the later one."
            raise Refusal("already_corrected", message, status=409)
        row = Answer(
            public_id=public_id,
            enrollment=person,
            instrument=original.instrument,
            prompt=original.prompt,
            device=device,
            replaces=original,
        )
        row.recorded_at, row.received_at = original.recorded_at, now
        _seal(row, sheet, _permit(person, original.recorded_at, now))
        row.sealed_reason = keys.seal_json(person, _context(public_id, "reason"), reason)
        row.save()
        _record_correction(row, now)
        hooks.tell(row, sheet, now)
    return row


def _record_correction(row: Answer, now: datetime) -> None:
    """Leave in the person's chain that an answer was corrected; what was answered is not in it."""
    actor = SERVICE
    if row.device:
        actor = row.device.actor
    elif row.enrollment.user:
        actor = row.enrollment.user.actor
    record(
        chain=enrollment_chain(row.enrollment.public_id),
        actor=actor,
        action="answer.correct",
        object=f"answer:{row.public_id}",
        epoch=row.consent_epoch,
        at=now,
    )


def _seal(row: Answer, sheet: Values, permit: gate.Permit) -> None:
    """Set the columns that hold what was answered and under which consent."""
    row.sealed_values = keys.seal_json(row.enrollment, _context(row.public_id), sheet)
    row.values_sha256 = _digest(row.enrollment, sheet)
    row.consent_epoch, row.consent_events = permit.epoch, list(permit.event_ids)


def _digest(person: Enrollment, sheet: Values) -> str:
    """Tells two sheets apart."""
    return keys.digest(person, sheet)


def _same(known: Answer, person: Enrollment, sheet: Values) -> Answer:
    """The answer stored earlier under this id, when it is this person's and says the same."""
    if known.enrollment_id != person.pk or known.values_sha256 != _digest(person, sheet):
        message = "This id was used for another answer; send this one under a new id."
        raise Refusal("id_taken", message, status=409, field="id")
    return known


def _permit(person: Enrollment, recorded_at: datetime, now: datetime) -> gate.Permit:
    """The permit to keep an answer: granted now, and for the time at which it was given."""
    permit = gate.require(person, STORE, [SURVEY], at=now)
    covered = gate.periods(person, STORE, [SURVEY])[SURVEY]
    if not any(since <= recorded_at and (until is None or recorded_at < until) for since, until in covered):
        raise gate.ConsentDenied(STORE, [SURVEY])
    return permit


def opened(answer_row: Answer) -> dict[str, Any]:
    """The answers of one sheet, unsealed; ask the gate before showing or using them."""
    values: dict[str, Any] = keys.unseal_json(
        answer_row.enrollment, _context(answer_row.public_id), bytes(answer_row.sealed_values)
    )
    return values


def reason_of(answer_row: Answer) -> str:
    """Why a correction was made, unsealed; empty for an answer that corrects none."""
    if answer_row.sealed_reason is None:
        return ""
    sealed, context = bytes(answer_row.sealed_reason), _context(answer_row.public_id, "reason")
    reason: str = keys.unseal_json(answer_row.enrollment, context, sealed)
    return reason


def _context(public_id: UUID, field: str = "values") -> str:
    return f"answer|{public_id}|{field}"
