"""Bringing a restored database up to date: who withdrew is withdrawn again before anything else happens."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from wellness.consent import leaving
from wellness.consent.models import ConsentEvent, TombstoneMark
from wellness.consent.modes import ERASE, LEAVING, STOP
from wellness.consent.services import withdraw
from wellness.consent.tombstones import log, marking
from wellness.consent.tombstones.log import Line
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import GONE, Enrollment

logger = logging.getLogger(__name__)
REASON = "replayed after a restore"


def settle(now: datetime) -> int:
    """How many withdrawals the database lacked and now has; LogBroken when the log cannot be relied on."""
    if not _migrated() or not _differs():
        return 0
    n = 0
    while _next(now, restored=n > 0):
        n += 1
    if n:
        logger.error("this database is a restored one: %s withdrawals were replayed", n)
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
    # Where nobody knows whether it was committed before the restore it stops everything and destroys nothing.
    _apply(line, str(line.fields["mode"]) if lost else STOP, now)
    marking.move(mark, line)
    return True


def _apply(line: Line, mode: str, now: datetime) -> None:
    """Withdraw again what one line says, under its own id, where that is not known and the person is."""
    event_id, scopes = UUID(str(line.fields["event"])), line.fields["scopes"]
    person = Enrollment.objects.select_related("study").filter(public_id=line.fields["enrollment"]).first()
    if person is None or person.phase in GONE or ConsentEvent.objects.filter(public_id=event_id).exists():
        return
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
