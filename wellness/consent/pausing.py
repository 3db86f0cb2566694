"""Pausing: everything rests, nothing is taken back; it goes on when the person says so, or on a set date."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from wellness.accounts.models import User
from wellness.consent import conditions, gate, hooks, proofs
from wellness.consent.models import Action, ConsentEvent
from wellness.consent.projection import held
from wellness.consent.services import note
from wellness.consent.signatures import Signing
from wellness.consent.tombstones import marking
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device, Enrollment, Phase


@transaction.atomic
def pause(
    *,
    enrollment: Enrollment,
    now: datetime,
    until: datetime | None = None,
    signer: User | None = None,
    device: Device | None = None,
    signing: Signing | None = None,
    reason: str = "",
    event_id: UUID | None = None,
    replayed: bool = False,
) -> ConsentEvent:
    """The event from which on, till `until`, nothing is taken in, used or shown; what is stored stays.

    `event_id` is the event's, where somebody chose it before; `replayed` says that it is on record outside
    the database already (`tombstones`).
    """
    person = gate.lock(enrollment)
    conditions.require_own(person, signer=signer, device=device)
    conditions.require_open(person, now)
    if until is not None and until <= now:
        raise Refusal("pause_over", "A pause ends later than now.", field="until")
    rests = {one.scope for one in held(person) if not one.has_expired(now)}
    if not rests:
        raise Refusal("nothing_granted", "Nothing is agreed to that could rest.", status=409)
    event = note(
        enrollment,
        Action.PAUSE,
        rests,
        person=person,
        now=now,
        until=until,
        signer=signer,
        device=device,
        signing=signing,
        reason=reason,
        public_id=event_id or uuid4(),
    )
    hooks.paused(enrollment, frozenset(rests), now)
    if not replayed:  # last, so that little can still undo the transaction
        marking.note(event, whole=True)
    return event


@transaction.atomic
def resume(
    *,
    enrollment: Enrollment,
    now: datetime,
    covers_from: datetime | None = None,
    signer: User | None = None,
    device: Device | None = None,
    signing: Signing | None = None,
    reason: str = "",
    event_id: UUID | None = None,
) -> ConsentEvent:
    """The event from which on all goes on that has not expired; what happened in the pause stays out.

    The pause may have ended by the clock a while ago: then data are taken in from `covers_from` on. Somebody
    who ends it needs a fresh proof of who they are, as for agreeing; letting all rest needs none. Only theirs
    is put on record outside the database: what the clock does it does again after a restore.
    """
    person = gate.lock(enrollment)
    conditions.require_own(person, signer=signer, device=device)
    if signer or device:
        proofs.require_fresh(signing, now)
    if person.phase != Phase.PAUSED:
        raise Refusal("not_paused", "There is no pause to end.", status=409)
    goes_on = {one.scope for one in held(person) if one.paused and not one.has_expired(now)}
    event = note(
        enrollment,
        Action.RESUME,
        goes_on,
        person=person,
        now=now,
        covers_from=min(covers_from or now, now),
        signer=signer,
        device=device,
        signing=signing,
        reason=reason,
        public_id=event_id or uuid4(),
    )
    hooks.granted(enrollment, frozenset(goes_on), now)
    if signer or device:
        marking.note(event, whole=True)
    return event
