"""Pausing and going on by phone: the same request, however often, is one event."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from wellness.consent import gate, proofs
from wellness.consent.models import Action, ConsentEvent
from wellness.consent.pausing import pause, resume
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device


@transaction.atomic
def pause_once(
    *, device: Device, event_id: UUID, until: datetime | None, now: datetime
) -> tuple[ConsentEvent, bool]:
    """The pause of that id, and whether it is new; Refusal when the id was used for something else."""
    known = _known(device, event_id, Action.PAUSE, until)
    if known:
        return known, False
    event = pause(
        enrollment=device.enrollment,
        now=now,
        until=until,
        device=device,
        signing=proofs.of_device(now),
        event_id=event_id,
    )
    return event, True


@transaction.atomic
def resume_once(*, device: Device, event_id: UUID, now: datetime) -> tuple[ConsentEvent, bool]:
    """The end of a pause under that id, and whether it is new; Refusal as for a pause."""
    known = _known(device, event_id, Action.RESUME, None)
    if known:
        return known, False
    signing = proofs.of_device(now)
    event = resume(enrollment=device.enrollment, now=now, device=device, signing=signing, event_id=event_id)
    return event, True


def _known(device: Device, event_id: UUID, action: Action, until: datetime | None) -> ConsentEvent | None:
    """What the id stands for, looked up under the person's lock, so that two at once make one event."""
    person = gate.lock(device.enrollment)
    event: ConsentEvent | None = ConsentEvent.objects.filter(public_id=event_id).first()
    if event and (event.enrollment_id, event.action, event.until) != (person.pk, action, until):
        message = "This id was used for something else; ask again under a new id."
        raise Refusal("id_taken", message, status=409, field="id")
    return event
