"""Pauses are on record outside the database, and a restored one lets nobody go on who rests."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction

from tests import factories
from tests.factories import JOINED_AT
from tests.wellness.consent.conftest import Capture, lost
from tests.wellness.consent.test_consent_tombstones import kinds
from wellness.consent import gate
from wellness.consent.models import ConsentEvent
from wellness.consent.modes import ERASE
from wellness.consent.pausing import pause, resume
from wellness.consent.services import withdraw
from wellness.consent.signatures import Signing
from wellness.consent.tombstones import log
from wellness.consent.tombstones.marking import ASKED, DONE
from wellness.consent.tombstones.replaying import REASON, settle
from wellness.consent.verification import verify
from wellness.studies.models import Enrollment, Phase
from wellness.work.kinds import drain

DAY = timedelta(days=1)
LATER = JOINED_AT + 2 * DAY
UNTIL = LATER + 7 * DAY


def goes_on(person: Enrollment, at: datetime = LATER + DAY) -> None:
    """The person ends their pause."""
    resume(enrollment=person, now=at, signer=person.user, signing=Signing(auth_at=at))


def again(person: Enrollment) -> Enrollment:
    return Enrollment.objects.select_related("study").get(pk=person.pk)


def test_a_pause_and_its_end_are_asked_and_done(ada: Enrollment, committed: Capture) -> None:
    with committed(execute=True):
        event = pause(enrollment=ada, now=LATER, until=UNTIL)
    with committed(execute=True):
        goes_on(ada)
    assert kinds() == [ASKED, DONE] * 2
    first, _, last, _ = log.everything()
    assert (first.fields["mode"], first.fields["until"]) == ("pause", UNTIL.isoformat())
    assert (first.fields["event"], last.fields["mode"]) == (str(event.public_id), "resume")
    assert settle(LATER + DAY) == 0


@pytest.mark.parametrize("until", [None, UNTIL])
def test_after_a_restore_who_rests_still_rests(
    ada: Enrollment, committed: Capture, until: datetime | None
) -> None:
    with lost(committed):
        event_id = pause(enrollment=ada, now=LATER, until=until).public_id
    assert again(ada).phase == Phase.ACTIVE
    assert settle(LATER + DAY) == 1
    ada = again(ada)
    assert (ada.phase, gate.permitted(ada, "store", ["gps"], at=LATER + DAY)) == (Phase.PAUSED, {})
    event = ConsentEvent.objects.get(public_id=event_id)
    assert (event.reason, event.until, event.at) == (REASON, until, LATER + DAY)
    assert (verify(), settle(LATER + DAY)) == (None, 0)
    drain(UNTIL, "consent")
    assert again(ada).phase == (Phase.ACTIVE if until else Phase.PAUSED)


def test_a_pause_that_is_over_by_then_is_none(ada: Enrollment, committed: Capture) -> None:
    with lost(committed):
        pause(enrollment=ada, now=LATER, until=UNTIL)
    assert settle(UNTIL) == 1
    assert (again(ada).phase, settle(UNTIL)) == (Phase.ACTIVE, 0)


def test_who_went_on_themselves_goes_on(ada: Enrollment, committed: Capture) -> None:
    with lost(committed):
        pause(enrollment=ada, now=LATER)
        goes_on(ada)
    assert settle(LATER + 2 * DAY) == 2
    assert [one.action for one in ada.consent_events.order_by("seq")] == ["grant", "pause", "resume"]
    assert (again(ada).phase, verify()) == (Phase.ACTIVE, None)


def test_a_backup_from_the_pause_hears_that_it_ended(ada: Enrollment, committed: Capture) -> None:
    with committed(execute=True):
        pause(enrollment=ada, now=LATER)
    with lost(committed):
        goes_on(ada)
        pause(enrollment=ada, now=LATER + DAY, until=UNTIL)
    assert settle(LATER + 2 * DAY) == 2
    ada = again(ada)
    assert ada.phase == Phase.PAUSED
    assert ada.consent_events.latest("seq").until == UNTIL


@pytest.mark.parametrize("paused_before", [True, False])
def test_of_the_last_of_a_restored_database_resting_is_believed_and_going_on_is_not(
    ada: Enrollment,
    committed: Capture,
    paused_before: bool,
) -> None:
    """Another line makes it a restored one; of the last nobody knows whether it was committed."""
    bo = factories.enrollment(ada.study, "bo")
    factories.agree_to_everything(bo)
    if paused_before:
        with committed(execute=True):
            pause(enrollment=ada, now=LATER)
    before = transaction.savepoint()
    with committed(execute=True):
        withdraw(enrollment=bo, now=LATER)
    if paused_before:
        goes_on(ada)
    else:
        pause(enrollment=ada, now=LATER)
    transaction.savepoint_rollback(before)
    assert settle(LATER + DAY) == 2
    assert again(ada).phase == Phase.PAUSED


def test_who_left_afterwards_is_gone_and_nothing_is_paused(ada: Enrollment, committed: Capture) -> None:
    with lost(committed):
        pause(enrollment=ada, now=LATER)
        withdraw(enrollment=ada, now=LATER + DAY, mode=ERASE)
    assert settle(LATER + 2 * DAY) == 2
    assert (again(ada).phase, verify()) == (Phase.ERASED, None)


def test_what_the_clock_ends_needs_no_line(ada: Enrollment, committed: Capture) -> None:
    with committed(execute=True):
        pause(enrollment=ada, now=LATER, until=UNTIL)
    with committed(execute=True):
        drain(UNTIL, "consent")
    assert (again(ada).phase, kinds()) == (Phase.ACTIVE, [ASKED, DONE])


def test_a_log_made_anew_holds_pauses_too(ada: Enrollment, committed: Capture) -> None:
    with committed(execute=True):
        pause(enrollment=ada, now=LATER, until=UNTIL)
    with committed(execute=True):
        goes_on(ada)
    log.path().unlink()
    call_command("tombstones", "--rebuild", stdout=StringIO())
    assert [line.fields.get("mode") for line in log.everything()] == ["pause", None, "resume", None]
    assert settle(LATER + DAY) == 0
