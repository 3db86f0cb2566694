"""Pausing: everything rests, nothing is taken back; it goes on when the person says so, or on a set date."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from wellness.accounts.models import User
from wellness.consent import conditions, gate, hooks, proofs
from wellness.consent.models import Action, ConsentEvent
from wellness.consent.projection import held
from wellness.consent.services import note
from wellness.consent.signatures import Signing
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
) -> ConsentEvent:
    """The event from which on, till `until`, nothing is taken in, used or shown; what is stored stays."""
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
    )
    hooks.paused(enrollment, frozenset(rests), now)
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
) -> ConsentEvent:
    """The event from which on all goes on that has not expired; what happened in the pause stays out.

    The pause may have ended by the clock a while ago: then data are taken in from `covers_from` on. Somebody
    who ends it needs a fresh proof of who they are, as for agreeing; letting all rest needs none.
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
    )
    hooks.granted(enrollment, frozenset(goes_on), now)
    return event
