"""What a withdrawal brings with it, in its transaction: phones are told to purge, and who leaves is gone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wellness.consent import hooks
from wellness.consent.erasure import job
from wellness.consent.models import ConsentEvent, ConsentState
from wellness.consent.modes import HOLD, LEAVING
from wellness.consent.purposes import CONSENT_STREAMS
from wellness.consent.tombstones import marking
from wellness.studies.models import GONE, Device, Enrollment, Invitation, Phase


def follow(enrollment: Enrollment, event: ConsentEvent, now: datetime, *, replayed: bool) -> None:
    """Do what a withdrawal asks for beyond its scopes; the caller holds the person's lock."""
    if event.withdrawal_mode in LEAVING:
        depart(enrollment, event.withdrawal_mode, event.public_id, now)
    elif enrollment.phase == Phase.WITHDRAWN:
        _tell_phones(enrollment)
    if not replayed:  # last, so that little can still undo the transaction
        marking.note(event, whole=enrollment.phase == Phase.WITHDRAWN or enrollment.phase in GONE)


def depart(enrollment: Enrollment, mode: str, event_id: UUID, now: datetime) -> None:
    """End a person's part for good: nothing is due, no invitation works, and what is to go is asked for."""
    enrollment.phase, enrollment.ended_at = LEAVING[mode], now
    enrollment.save(update_fields=["phase", "ended_at"])
    hooks.left(enrollment, now)
    _tell_phones(enrollment)
    Invitation.objects.filter(enrollment=enrollment, used_at=None, expires_at__gt=now).update(expires_at=now)
    if mode != HOLD:
        job.ask(enrollment, mode, event_id, now)


def _tell_phones(enrollment: Enrollment) -> None:
    """Every phone is answered that it must delete what was ever agreed to, until it says that it did."""
    streams = _once_agreed(enrollment)
    Device.objects.filter(enrollment=enrollment, revoked_at=None).update(purge=streams)


def _once_agreed(enrollment: Enrollment) -> list[str]:
    agreed = set(ConsentState.objects.filter(enrollment=enrollment).values_list("stream", flat=True))
    return [stream for stream in CONSENT_STREAMS if stream in agreed]
