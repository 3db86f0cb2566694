"""Asking for a copy, making it, and letting it go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from wellness.audit.services import SERVICE, Actor, enrollment_chain, record
from wellness.consent import gate
from wellness.gateways.models import Takeout
from wellness.gateways.takeout import making, pieces
from wellness.gateways.takeout.pieces import SealedPieces
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Enrollment
from wellness.work.claims import LeaseLost
from wellness.work.tasks import wake

KEPT = timedelta(days=7)


@transaction.atomic
def ask(*, enrollment: Enrollment, actor: Actor, now: datetime) -> Takeout:
    """The copy being made for the person; asking again while one is being made gives that one.

    A person's own copy needs no consent: what they agreed to limits others, not themselves.
    """
    person = gate.lock(enrollment)
    waiting: Takeout | None = Takeout.objects.filter(enrollment=person, state=Takeout.State.ASKED).first()
    if waiting is not None:
        return waiting
    if keys.is_shredded(person):
        raise Refusal("forgotten", "Nothing is kept that could be copied.", status=409)
    asked = Takeout.objects.create(enrollment=person, asked_at=now, run_after=now)
    _note(asked, "takeout.ask", actor, now)
    wake("takeout", asked.pk)
    return asked


def make(pk: int, fence: int, now: datetime) -> None:
    """Make one claimed copy; nothing of it stays when the person left meanwhile or another run took over."""
    takeout = Takeout.objects.select_related("enrollment__study", "enrollment__user").get(pk=pk)
    pieces.remove(takeout)  # of runs that were cut short
    file = SealedPieces(takeout, fence)
    try:
        making.write(takeout.enrollment, file, now)
        file.finish()
        _finish(takeout, fence, file, utc_now())
    except BaseException:
        pieces.remove(takeout)
        raise


@transaction.atomic
def _finish(takeout: Takeout, fence: int, file: SealedPieces, now: datetime) -> None:
    person = gate.lock(takeout.enrollment)
    mine = Takeout.objects.filter(pk=takeout.pk, fence=fence, state=Takeout.State.ASKED)
    n = 0
    if not keys.is_shredded(person):
        n = mine.update(
            state=Takeout.State.MADE,
            made_at=now,
            expires_at=now + KEPT,
            made_by=fence,
            n_pieces=file.n_pieces,
            n_bytes=file.n_bytes,
        )
    if n == 0 or not Takeout.objects.all().release(takeout.pk, fence):
        raise LeaseLost(f"takeout {takeout.pk}")
    _note(takeout, "takeout.made", SERVICE, now)


def expire(now: datetime) -> int:
    """How many copies went because their week is over."""
    n = 0
    for takeout in Takeout.objects.expired(now).select_related("enrollment"):
        Takeout.objects.filter(pk=takeout.pk).update(state=Takeout.State.GONE)
        pieces.remove(takeout)
        n += 1
    return n


def fetch(takeout: Takeout, *, actor: Actor, now: datetime) -> Iterator[bytes]:
    """The bytes of a copy that is ready, and a record that the person fetched it."""
    _note(takeout, "takeout.fetch", actor, now)
    return pieces.read(takeout)


def _note(takeout: Takeout, action: str, actor: Actor, now: datetime) -> None:
    record(
        chain=enrollment_chain(takeout.enrollment.public_id),
        actor=actor,
        action=action,
        object=f"takeout:{takeout.public_id}",
        at=now,
    )
