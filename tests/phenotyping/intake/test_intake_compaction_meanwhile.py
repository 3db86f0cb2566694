"""What happens while a day is gathered: consent goes, an upload comes, a worker dies."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from phenotyping.intake import compaction, orphans
from phenotyping.intake.models import Shelf
from tests.phenotyping.intake.conftest import take
from tests.phenotyping.intake.gathering import (
    CAME,
    LATER,
    MIDNIGHT,
    copies,
    everything,
    gathered,
    live,
    screens,
)
from wellness.consent.purposes import COLLECT
from wellness.consent.services import withdraw
from wellness.studies.models import Device, Enrollment


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Makes something happen once, after the new chunks are written and before they replace the old."""
    replace = compaction._replace

    def once(act: Callable[[], object]) -> None:
        def late(*positional: Any, **named: Any) -> None:
            monkeypatch.setattr(compaction, "_replace", replace)
            act()
            replace(*positional, **named)

        monkeypatch.setattr(compaction, "_replace", late)

    return once


def test_consent_that_goes_while_a_day_is_gathered(
    ada: Enrollment, phone_of_ada: Device, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    for second in (1, 1):
        take(phone_of_ada, screens(second), CAME)
    meanwhile(lambda: withdraw(enrollment=ada, now=LATER, scopes=[(COLLECT, "screen")]))
    assert gathered() == 1
    assert (live(), copies(), list(orphans.orphans())) == ([(True, 1)] * 2, [0, 0], [])


def test_an_upload_that_comes_meanwhile_waits_its_turn(
    ada: Enrollment, phone_of_ada: Device, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    for second in (1, 2):
        take(phone_of_ada, screens(second), CAME)
    meanwhile(lambda: take(phone_of_ada, screens(2, 3), LATER))
    shelf = Shelf.objects.get()
    fence = Shelf.objects.due(LATER).claim(shelf.pk, LATER)
    assert fence is not None
    compaction._gather_day(shelf, fence, "screen", MIDNIGHT.date(), LATER)
    assert live() == [(False, 2), (True, 2)]
    compaction._finish(shelf, fence, LATER)
    assert Shelf.objects.get().fragments_at == LATER
    assert gathered(LATER + timedelta(hours=1)) == 1
    assert (live(), copies()) == ([(False, 3)], [0, 0, 1])


def test_another_worker_took_over(
    ada: Enrollment, phone_of_ada: Device, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    for second in (1, 2):
        take(phone_of_ada, screens(second), CAME)
    meanwhile(lambda: Shelf.objects.update(fence=99))
    assert gathered() == 0
    assert (live(), list(orphans.orphans())) == ([(True, 1)] * 2, [])


def test_killed_before_the_commit(
    ada: Enrollment, phone_of_ada: Device, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    """Written and not yet registered: nothing is lost, the object is an orphan, the next try succeeds."""
    for second in (1, 2):
        take(phone_of_ada, screens(second), CAME)
    before = everything(ada)

    def kill() -> None:
        raise SystemExit

    meanwhile(kill)
    with pytest.raises(SystemExit):
        gathered()
    assert (live(), everything(ada)) == ([(True, 1)] * 2, before)
    (orphan,) = orphans.orphans()
    assert gathered(LATER + timedelta(minutes=6)) == 1  # when the lease has run out
    assert (live(), everything(ada), list(orphans.orphans())) == ([(False, 2)], before, [orphan])


def test_killed_after_the_commit(
    ada: Enrollment, phone_of_ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in (1, 1):
        take(phone_of_ada, screens(second), CAME)

    def kill(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(compaction, "_finish", kill)
        with pytest.raises(SystemExit):
            gathered()
    assert (live(), copies()) == ([(False, 1)], [0, 1])
    assert gathered(LATER + timedelta(minutes=6)) == 1
    assert (live(), copies()) == ([(False, 1)], [0, 1])


def test_a_commit_of_unknown_outcome_keeps_its_objects(
    ada: Enrollment, phone_of_ada: Device, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    def lose() -> None:
        raise OperationalError("connection lost")

    take(phone_of_ada, screens(1), CAME)
    meanwhile(lose)
    assert gathered() == 0
    assert len(list(orphans.orphans())) == 1
