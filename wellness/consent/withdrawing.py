"""Withdrawing by phone: the same request, however often, is one withdrawal; a purge is confirmed once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from wellness.audit.services import enrollment_chain, record
from wellness.consent.erasure.own import retire
from wellness.consent.gate import PersonLeft
from wellness.consent.models import ConsentEvent
from wellness.consent.purposes import Scope
from wellness.consent.services import withdraw
from wellness.lib.refusal import Refusal
from wellness.studies.models import GONE, Device


def withdraw_once(
    *, device: Device, event_id: UUID, scopes: Iterable[Scope] | None, mode: str, now: datetime
) -> tuple[ConsentEvent, bool]:
    """The withdrawal of that id, and whether it is new; Refusal when the id was used for something else."""
    known = _known(device, event_id, mode)
    if known:
        return known, False
    try:
        event = withdraw(
            enrollment=device.enrollment,
            now=now,
            scopes=scopes,
            mode=mode,
            device=device,
            event_id=event_id,
        )
    except (IntegrityError, PersonLeft):  # the same request came in parallel, or another ended it all
        known = _known(device, event_id, mode)
        if known is None:
            raise
        return known, False
    return event, True


@transaction.atomic
def confirm_purge(*, device: Device, purged: Iterable[str], now: datetime) -> None:
    """The phone deleted what it was asked to; that of somebody who left for good is not heard again."""
    device = Device.objects.select_for_update(of=("self",)).select_related("enrollment").get(pk=device.pk)
    missing = [stream for stream in device.purge or () if stream not in set(purged)]
    if missing:
        raise Refusal("purge_incomplete", f"Still to be deleted: {', '.join(missing)}.", field="purged")
    if device.purge is None:
        return
    device.purge = None
    device.save(update_fields=["purge"])
    if device.enrollment.phase in GONE:
        retire(device, now)
    record(
        chain=enrollment_chain(device.enrollment.public_id),
        actor=device.actor,
        action="device.purge",
        object=f"device:{device.public_id}",
        at=now,
    )


def _known(device: Device, event_id: UUID, mode: str) -> ConsentEvent | None:
    event: ConsentEvent | None = ConsentEvent.objects.filter(public_id=event_id).first()
    if event and (event.enrollment_id, event.withdrawal_mode) != (device.enrollment_id, mode):
        message = "This id was used for something else; withdraw under a new id."
        raise Refusal("id_taken", message, status=409, field="id")
    return event
