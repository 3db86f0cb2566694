"""Asking for a copy, making it, and letting it go."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

from django.db import transaction

from phenotyping.intake import room
from wellness.audit.services import SERVICE, Actor, enrollment_chain, record
from wellness.consent import gate
from wellness.gateways.models import Takeout
from wellness.gateways.takeout import pieces, progress
from wellness.gateways.takeout.archive import leave_open, members, resumed
from wellness.gateways.takeout.making import Making
from wellness.gateways.takeout.pieces import SealedPieces
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Enrollment
from wellness.work.claims import LeaseLost
from wellness.work.tasks import wake

logger = logging.getLogger(__name__)
KEPT = timedelta(days=7)
MOST_KEPT = 3  # of one person: each takes the room of all their data, and others' uploads need room
BUDGET_S = 120.0  # of a run: less than a task may take, for the last part may be long
KEEP_EVERY_S = 10.0


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
    if Takeout.objects.ready(now).filter(enrollment=person).count() >= MOST_KEPT:
        message = f"{MOST_KEPT} copies are ready; ask for another when the week of one of them is over."
        raise Refusal("enough_copies", message, status=429)
    asked = Takeout.objects.create(enrollment=person, asked_at=now, run_after=now)
    _note(asked, "takeout.ask", actor, now)
    wake("takeout", asked.pk)
    return asked


def make(pk: int, fence: int, now: datetime) -> None:
    """Go on with one claimed copy, to its end or as far as there is time: then it stays due for the next run.

    Nothing of it stays when the person left meanwhile, nor what another run that took over did not know of.
    """
    takeout = Takeout.objects.select_related("enrollment__study", "enrollment__user").get(pk=pk)
    pieces.tidy(takeout)  # what runs that were cut short have not kept
    try:
        if _make_more(takeout, fence, now):
            _finish(takeout, fence, utc_now())
        elif not Takeout.objects.all().release(pk, fence):
            raise LeaseLost(f"takeout {pk}")
    except BaseException:
        pieces.tidy(takeout, run=fence)
        raise


def _make_more(takeout: Takeout, fence: int, now: datetime) -> bool:
    """Whether the copy is whole now; what is made is kept as it goes, so a run that dies loses little."""
    done, file = progress.begun(takeout), SealedPieces(takeout, fence)
    archive = resumed(file, done.members)
    making, until = Making(takeout.enrollment, archive, done), time.monotonic() + BUDGET_S
    kept_at = time.monotonic()
    try:
        while not making.is_whole:
            making.step(now, until=until)
            if making.is_whole or time.monotonic() >= min(until, kept_at + KEEP_EVERY_S):
                done.members = members(archive)
                progress.keep(takeout, fence, file, done)
                kept_at = time.monotonic()
            if time.monotonic() >= until:
                break
    finally:
        leave_open(archive)
    return making.is_whole


@transaction.atomic
def _finish(takeout: Takeout, fence: int, now: datetime) -> None:
    person = gate.lock(takeout.enrollment)
    mine = Takeout.objects.filter(pk=takeout.pk, fence=fence, state=Takeout.State.ASKED)
    fields = {"made_at": now, "expires_at": now + KEPT, "sealed_progress": None}
    n = 0 if keys.is_shredded(person) else mine.update(state=Takeout.State.MADE, **fields)
    if n == 0 or not Takeout.objects.all().release(takeout.pk, fence):
        raise LeaseLost(f"takeout {takeout.pk}")
    _note(takeout, "takeout.made", SERVICE, now)


def expire(now: datetime) -> int:
    """How many copies went because their week is over."""
    n = 0
    for takeout in Takeout.objects.expired(now).select_related("enrollment"):
        try:
            pieces.remove(takeout)
        except Exception as error:  # a storage backend raises what it likes
            logger.error("copy %s stays until the next try: %s", takeout.public_id, type(error).__name__)
            continue  # one that cannot go does not keep the others
        Takeout.objects.filter(pk=takeout.pk).update(state=Takeout.State.GONE)
        n += 1
    return n


class Download:
    """The bytes of a copy on their way; until it is closed it has one of the places of large bodies."""

    def __init__(self, content: Iterator[bytes], place: ExitStack) -> None:
        self._content, self._place = content, place

    def __iter__(self) -> Iterator[bytes]:
        return self._content

    def close(self) -> None:
        """Give the place to others."""
        self._place.close()


def fetch(takeout: Takeout, *, actor: Actor, now: datetime) -> Download:
    """A copy that is ready, and a record that the person fetched it; Refusal when too much is on its way."""
    with ExitStack() as place:
        place.enter_context(room.for_transfer(takeout.n_bytes))
        _note(takeout, "takeout.fetch", actor, now)
        return Download(pieces.read(takeout), place.pop_all())


def _note(takeout: Takeout, action: str, actor: Actor, now: datetime) -> None:
    record(
        chain=enrollment_chain(takeout.enrollment.public_id),
        actor=actor,
        action=action,
        object=f"takeout:{takeout.public_id}",
        at=now,
    )
