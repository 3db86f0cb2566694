"""Writing tombstones so that a withdrawal or pause and its line agree, whatever happens in between.

1. In the withdrawal's transaction the one row of TombstoneMark is locked, an "asked" line is put on disk, and
   the mark is moved to it. So one withdrawal at a time is between its line and its commit.
2. After the commit a "done" line follows. If the process dies before it, the mark says that it was committed.
3. A withdrawal that was rolled back leaves an "asked" line beyond the mark. The next one, which holds the
   lock, sees that nobody can be committing it any more, and writes "void".

Compared with a database, a line at or before the mark is in it. One beyond is lost with a restore if it is
"done" or another one was asked for after it and it is not "void"; only of the very last it can be unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q

from wellness.consent.models import Action, ConsentEvent, TombstoneMark
from wellness.consent.tombstones import log
from wellness.consent.tombstones.log import Line, Log
from wellness.lib.refusal import Refusal

ASKED, DONE, VOID = "asked", "done", "void"


class Behind(Refusal):
    """The database lacks withdrawals that the log has: it was restored, and they come first."""

    def __init__(self) -> None:
        message = "The database is being brought up to date; try again later."
        super().__init__("restored", message, status=503, retry=True)


def note(event: ConsentEvent, *, whole: bool) -> None:
    """Put an event on record outside the database before its transaction, the caller's, commits."""
    mark = locked()
    with log.held() as held:
        lost, rolled_back = beyond(held.after(mark.seq, mark.seal))
        if lost:
            raise Behind
        for line in rolled_back:
            held.append(VOID, of=line.seq)
        line = held.append(ASKED, **_said(event, whole))
    move(mark, line)
    transaction.on_commit(lambda: _done(line), robust=True)


def locked() -> TombstoneMark:
    """The mark, locked until the transaction ends."""
    TombstoneMark.objects.get_or_create(pk=1)
    return TombstoneMark.objects.select_for_update().get(pk=1)


def move(mark: TombstoneMark, line: Line) -> None:
    """The database has everything up to this line."""
    mark.seq, mark.seal = line.seq, line.seal
    mark.save(update_fields=["seq", "seal"])


def beyond(lines: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """Of the lines after a mark: withdrawals that were committed and are not there, and those rolled back."""
    asked = {line.seq: line for line in lines if line.kind == ASKED}
    settled = {line.fields["of"]: line.kind for line in lines if line.kind in (DONE, VOID)}
    open_ = [line for seq, line in asked.items() if settled.get(seq) != VOID]
    lost = [line for line in open_ if settled.get(line.seq) == DONE or line is not open_[-1]]
    return lost, [line for line in open_ if line not in lost]


def _done(line: Line) -> None:
    with log.held() as held:
        held.append(DONE, of=line.seq)


def _said(event: ConsentEvent, whole: bool) -> dict[str, Any]:
    return {
        "enrollment": str(event.enrollment.public_id),
        "event": str(event.public_id),
        "mode": event.withdrawal_mode or str(event.action),
        "scopes": None if whole else event.scopes,
        "at": event.at.isoformat(),
        "until": event.until.isoformat() if event.until else None,
    }


def rebuild(held: Log) -> None:
    """Write every withdrawal, pause and resumption that the database has into a log that has none."""
    mark, line = locked(), None
    events = ConsentEvent.objects.filter(~Q(withdrawal_mode="") | Q(action__in=(Action.PAUSE, Action.RESUME)))
    for event in events.select_related("enrollment").order_by("at", "pk").iterator():
        line = held.append(ASKED, **_said(event, event.enrollment.ended_at == event.at))
        held.append(DONE, of=line.seq)
    move(mark, line or Line(0, log.NOTHING, "", {}))
