"""Bringing a restored database up to date: before all else, who withdrew or paused has so again."""

from __future__ import annotations

import logging
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from wellness.consent import leaving
from wellness.consent.models import Action, ConsentEvent, TombstoneMark
from wellness.consent.modes import ERASE, LEAVING, STOP, WITHDRAWAL_MODES
from wellness.consent.pausing import pause, resume
from wellness.consent.services import withdraw
from wellness.consent.tombstones import log, marking
from wellness.consent.tombstones.log import Line
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import GONE, Enrollment

logger = logging.getLogger(__name__)
REASON = "replayed after a restore"
# Of a line of which nobody knows whether it was committed before the restore: what stops most and destroys
# nothing. A pause is no more than that; a resumption is not believed.
CAUTIOUS = MappingProxyType({str(Action.PAUSE): str(Action.PAUSE), str(Action.RESUME): ""})
# In this database there was nothing yet, or nothing any more, that the line could be about.
MOOT = frozenset({"nothing_granted", "enrollment_ended", "paused", "not_paused", "pause_over"})


def settle(now: datetime) -> int:
    """How many withdrawals and pauses the database lacked and now has; LogBroken when that is unknown."""
    if not _migrated() or not _differs():
        return 0
    n = 0
    while _next(now, restored=n > 0):
        n += 1
    if n:
        logger.error("this database is a restored one: %s withdrawals and pauses were replayed", n)
    return n


def _migrated() -> bool:
    """Whether there are tables at all; without them nobody is in the database."""
    return TombstoneMark._meta.db_table in connection.introspection.table_names()


def _differs() -> bool:
    mark = TombstoneMark.objects.filter(pk=1).first() or TombstoneMark()
    if not mark.seq and not log.path().exists():
        return False
    with log.held() as held:
        lines = held.after(mark.seq, mark.seal)
        done = {line.fields["of"] for line in lines if line.kind == marking.DONE}
        if mark.seq and mark.seq not in done:  # whoever committed it died before they could say so
            held.append(marking.DONE, of=mark.seq)
    return any(marking.beyond(lines))


@transaction.atomic
def _next(now: datetime, *, restored: bool) -> bool:
    """Whether one more was missing; it is applied together with the mark that says so."""
    mark = marking.locked()
    with log.held() as held:
        lost, unknown = marking.beyond(held.after(mark.seq, mark.seal))
        if unknown and not lost and not restored:
            held.append(marking.VOID, of=unknown[0].seq)  # the database has all before it: it was rolled back
            return False
    if not lost and not unknown:
        return False
    line = (lost or unknown)[0]
    mode = str(line.fields["mode"])
    _apply(line, mode if lost else CAUTIOUS.get(mode, STOP), now)
    marking.move(mark, line)
    return True


def _apply(line: Line, mode: str, now: datetime) -> None:
    """Do again what one line says, under its own id, where that is not known and the person is."""
    event_id, scopes = UUID(str(line.fields["event"])), line.fields["scopes"]
    person = Enrollment.objects.select_related("study").filter(public_id=line.fields["enrollment"]).first()
    if person is None or person.phase in GONE or ConsentEvent.objects.filter(public_id=event_id).exists():
        return
    if mode in WITHDRAWAL_MODES:
        _withdraw(person, event_id, scopes, mode, now)
    elif mode:
        _rest(person, event_id, mode, line.fields.get("until"), now)


def _rest(person: Enrollment, event_id: UUID, mode: str, until: str | None, now: datetime) -> None:
    """Pause again, or go on again, unless that is over by now or has happened here."""
    told: dict[str, Any] = {"enrollment": person, "now": now, "reason": REASON, "event_id": event_id}
    try:
        if mode == Action.PAUSE:
            pause(**told, until=datetime.fromisoformat(until) if until else None, replayed=True)
        else:
            resume(**told)
    except Refusal as refusal:
        if refusal.code not in MOOT:
            raise


def _withdraw(
    person: Enrollment, event_id: UUID, scopes: list[list[str]] | None, mode: str, now: datetime
) -> None:
    try:
        withdraw(
            enrollment=person,
            now=now,
            scopes=None if scopes is None else [(purpose, stream) for purpose, stream in scopes],
            mode=mode,
            reason=REASON,
            event_id=event_id,
            replayed=True,
        )
    except Refusal as refusal:  # in this database they had not agreed to anything yet
        if refusal.code != "nothing_granted":
            raise
        if mode in LEAVING:
            leaving.depart(person, mode, event_id, now)
    if mode == ERASE:
        keys.shred(person, now=now)
