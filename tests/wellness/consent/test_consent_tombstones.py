"""Withdrawals are on record outside the database, and a restored one catches up before it is used."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.factories import JOINED_AT
from tests.wellness.consent.conftest import Capture, lost
from wellness import restored
from wellness.consent import gate
from wellness.consent.erasure.job import KIND
from wellness.consent.models import ConsentEvent, ErasureRequest, TombstoneMark
from wellness.consent.modes import ERASE, STOP
from wellness.consent.purposes import COLLECT, STORE
from wellness.consent.services import withdraw
from wellness.consent.tombstones import log
from wellness.consent.tombstones.log import Line, LogBroken
from wellness.consent.tombstones.marking import ASKED, DONE, VOID, Behind, beyond
from wellness.consent.tombstones.replaying import REASON, settle
from wellness.consent.verification import verify
from wellness.lib.refusal import Refusal
from wellness.restored import Settled
from wellness.studies import keys
from wellness.studies.models import Enrollment, Phase
from wellness.work.kinds import drain

LATER = JOINED_AT + timedelta(days=2)


def kinds() -> list[str]:
    return [line.kind for line in log.everything()]


def test_a_withdrawal_is_asked_and_done(ada: Enrollment, committed: Capture) -> None:
    with committed(execute=True):
        event = withdraw(enrollment=ada, now=LATER, scopes=[(STORE, "gps")])
    asked, done = log.everything()
    assert (asked.kind, done.kind, done.fields["of"]) == (ASKED, DONE, 1)
    assert asked.fields["event"] == str(event.public_id)
    assert (asked.fields["scopes"], asked.fields["mode"]) == ([[STORE, "gps"]], STOP)
    assert settle(LATER) == 0


def test_after_a_restore_the_withdrawn_are_withdrawn_again(ada: Enrollment, committed: Capture) -> None:
    with lost(committed):
        event_id = withdraw(enrollment=ada, now=LATER).public_id
    ada = Enrollment.objects.get(pk=ada.pk)
    assert gate.permitted(ada, STORE, ["gps"], at=LATER)
    assert settle(LATER + timedelta(hours=1)) == 1
    ada.refresh_from_db()
    assert (ada.phase, gate.permitted(ada, STORE, ["gps"], at=LATER)) == (Phase.WITHDRAWN, {})
    event = ConsentEvent.objects.get(public_id=event_id)
    assert (event.reason, event.at) == (REASON, LATER + timedelta(hours=1))
    assert (verify(), settle(LATER)) == (None, 0)


def test_after_a_restore_the_erased_are_unreadable_at_once_and_erased_again(
    ada: Enrollment, committed: Capture
) -> None:
    with lost(committed):
        withdraw(enrollment=ada, now=LATER, mode=ERASE)
        drain(LATER, KIND)
    ada = Enrollment.objects.get(pk=ada.pk)
    keys.seal(ada, "note", b"readable")
    assert settle(LATER) == 1
    assert keys.is_shredded(ada)
    assert ErasureRequest.objects.get().finished_at is None
    drain(LATER, KIND)
    assert Enrollment.objects.get(pk=ada.pk).user is None


def test_parts_of_consent_are_taken_back_again_and_others_stay(ada: Enrollment, committed: Capture) -> None:
    bo = factories.enrollment(ada.study, "bo")
    factories.agree_to_everything(bo)
    with lost(committed):
        withdraw(enrollment=ada, now=LATER, scopes=[(COLLECT, "gps")])
    assert settle(LATER) == 1
    assert gate.permitted(ada, COLLECT, ["gps", "screen"], at=LATER).keys() == {"screen"}
    assert gate.permitted(bo, COLLECT, ["gps"], at=LATER)


def test_what_was_rolled_back_is_void(ada: Enrollment, committed: Capture) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        withdraw(enrollment=ada, now=LATER, mode=ERASE)
        raise ZeroDivisionError
    assert kinds() == [ASKED]
    assert settle(LATER) == 0
    assert kinds() == [ASKED, VOID]
    ada.refresh_from_db()
    assert ada.phase == Phase.ACTIVE
    with committed(execute=True):
        withdraw(enrollment=ada, now=LATER, scopes=[(COLLECT, "gps")])
    assert kinds() == [ASKED, VOID, ASKED, DONE]


def test_of_the_last_of_a_restored_database_nobody_knows_and_it_is_stopped_only(
    ada: Enrollment, committed: Capture
) -> None:
    bo = factories.enrollment(ada.study, "bo")
    factories.agree_to_everything(bo)
    before = transaction.savepoint()
    with committed(execute=True):
        withdraw(enrollment=ada, now=LATER)
    withdraw(enrollment=bo, now=LATER, mode=ERASE)  # committed, and the process died before it said so
    transaction.savepoint_rollback(before)
    assert settle(LATER) == 2
    bo.refresh_from_db()
    assert (bo.phase, ErasureRequest.objects.count()) == (Phase.WITHDRAWN, 0)


def test_a_withdrawal_waits_for_those_that_a_restore_lost(ada: Enrollment, committed: Capture) -> None:
    with lost(committed):
        withdraw(enrollment=ada, now=LATER)
    with pytest.raises(Behind), transaction.atomic():
        withdraw(enrollment=Enrollment.objects.get(pk=ada.pk), now=LATER)
    settle(LATER)


def test_somebody_who_had_agreed_to_nothing_yet_is_erased_all_the_same(
    study: Any, committed: Capture
) -> None:
    bo = factories.enrollment(study, "bo")
    with lost(committed):
        factories.agree_to_everything(bo)
        withdraw(enrollment=bo, now=LATER, mode=ERASE)
    assert settle(LATER) == 1
    assert (Enrollment.objects.get(pk=bo.pk).phase, keys.is_shredded(bo)) == (Phase.ERASED, True)


@pytest.mark.parametrize("damage", ["cut", "gone", "changed", "forged"])
def test_a_log_that_is_not_what_was_written_stops_the_start(
    ada: Enrollment, committed: Capture, damage: str
) -> None:
    with committed(execute=True):
        withdraw(enrollment=ada, now=LATER, scopes=[(COLLECT, "gps")])
    lines = log.path().read_text().splitlines(keepends=True)
    if damage == "gone":
        log.path().unlink()
    elif damage == "forged":
        forged = json.loads(lines[0]) | {"seq": 3, "prev": json.loads(lines[1])["seal"]}
        log.path().write_text("".join(lines) + json.dumps(forged) + "\n")
    else:
        log.path().write_text({"cut": "", "changed": lines[0].replace("gps", "gyr") + lines[1]}[damage])
    with pytest.raises(ImproperlyConfigured, match="tombstone"):
        restored.require_settled()
    with pytest.raises(CommandError):
        call_command("tombstones", stdout=StringIO())
    call_command("tombstones", "--rebuild", stdout=(out := StringIO()))
    assert "2 lines" in out.getvalue()
    restored.require_settled()
    assert log.everything()[0].fields["scopes"] == [[COLLECT, "gps"]]


def test_a_line_that_a_crash_cut_short_is_none(ada: Enrollment, committed: Capture) -> None:
    with committed(execute=True):
        withdraw(enrollment=ada, now=LATER, scopes=[(COLLECT, "gps")])
    with log.path().open("a") as file:
        file.write('{"seq": 3, "ki')
    assert settle(LATER) == 0
    with committed(execute=True):
        withdraw(enrollment=ada, now=LATER, scopes=[(COLLECT, "screen")])
    assert kinds() == [ASKED, DONE] * 2


def test_the_mark_is_the_last_that_was_asked(ada: Enrollment, committed: Capture) -> None:
    for stream in ("gps", "screen", "steps"):
        with committed(execute=True):
            withdraw(enrollment=ada, now=LATER, scopes=[(COLLECT, stream)])
    assert TombstoneMark.objects.get().seq == 5
    assert [line.seq for line in log.everything()] == [1, 2, 3, 4, 5, 6]


@given(st.lists(st.sampled_from(["commit", "roll back"]), max_size=12), st.data())
def test_what_was_committed_and_lost_is_found_and_nothing_else(fates: list[str], data: st.DataObject) -> None:
    """An independent model: a database restored to after its k-th withdrawal, all known to be done."""
    lines, expected, mark, seq = [], [], 0, 0
    restored_to = data.draw(st.integers(0, len(fates)))
    pending: int | None = None
    for n, fate in enumerate(fates):
        if pending is not None:
            seq += 1
            lines.append(Line(seq, "", VOID, {"of": pending}))
            pending = None
        seq += 1
        lines.append(Line(seq, "", ASKED, {"event": n}))
        if fate == "roll back":
            pending = seq
            continue
        if n < restored_to:
            mark = seq
        else:
            expected.append(n)
        seq += 1
        lines.append(Line(seq, "", DONE, {"of": seq - 1}))
    found, unknown = beyond([line for line in lines if line.seq > mark])
    assert [line.fields["event"] for line in found] == expected
    assert len(unknown) == (pending is not None)


def test_nothing_is_served_before_the_database_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Exception | None] = [OperationalError(), OperationalError(), None]

    def settled(_: object) -> int:
        answer = answers.pop(0)
        if answer:
            raise answer
        return 0

    monkeypatch.setattr(restored, "settle", settled)
    monkeypatch.setattr(restored.connection, "close", lambda: None)
    said: list[str] = []
    site = Settled(lambda environ, start: [b"served"])
    start = lambda status, headers: said.append(status)  # noqa: E731
    assert site({"PATH_INFO": "/health/live"}, start) == [b"served"]
    assert (site({"PATH_INFO": "/app/"}, start), said) == ([b""], ["503 Service Unavailable"])
    assert site({"PATH_INFO": "/app/"}, start) == site({"PATH_INFO": "/"}, start) == [b"served"]


def test_a_log_of_another_secret_is_refused(ada: Enrollment, committed: Capture, settings: Any) -> None:
    with committed(execute=True):
        withdraw(enrollment=ada, now=LATER, scopes=[(COLLECT, "gps")])
    settings.SIGNING_KEY = "another secret that is long enough to be one"
    with pytest.raises(LogBroken):
        settle(LATER)


def test_refusals_leave_no_line(ada: Enrollment) -> None:
    with pytest.raises(Refusal, match="mode_not_offered"):
        withdraw(enrollment=ada, now=LATER, mode="regulatory_hold")
    with pytest.raises(Refusal, match="leaving_is_whole"):
        withdraw(enrollment=ada, now=LATER, mode=ERASE, scopes=[(COLLECT, "gps")])
    assert not log.path().exists()
