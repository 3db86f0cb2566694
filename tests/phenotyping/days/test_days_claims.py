"""Days as work: one worker takes a row, a failure waits and in the end gives up, new data are never lost."""

from datetime import timedelta
from typing import Any

import pytest

from phenotyping.days import hooks, services
from phenotyping.days.models import Day
from tests.factories.phone import upload
from tests.phenotyping.days.conftest import after, living
from wellness.studies.models import Device
from wellness.work.claims import LEASE, MAX_ATTEMPTS, LeaseLost
from wellness.work.kinds import drain, run_one


@pytest.fixture
def day(device: tuple[Device, str]) -> Day:
    """A day with data that nobody computed yet."""
    upload(device[0], after(), **living())
    return Day.objects.get()


def _poison(*_: Any) -> None:
    raise MemoryError


def test_one_claim_wins(day: Day) -> None:
    assert Day.objects.due(after()).claim(day.pk, after()) == 1
    assert Day.objects.due(after()).claim(day.pk, after()) is None
    assert not run_one("day", day.pk, after())


def test_a_worker_that_lost_its_lease_stores_nothing(day: Day) -> None:
    fence = Day.objects.due(after()).claim(day.pk, after())
    late = after() + LEASE + timedelta(seconds=1)
    assert run_one("day", day.pk, late)
    assert fence is not None
    with pytest.raises(LeaseLost):
        services.compute(day.pk, fence, late + timedelta(hours=1))
    assert Day.objects.get().computed_at == late


def test_failed_work_waits_longer_each_time_and_dies_after_five(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "compute_day", _poison)
    now, waits = after(), []
    for _ in range(MAX_ATTEMPTS):
        assert not run_one("day", day.pk, now)
        day.refresh_from_db()
        waits.append(day.run_after - now)
        now = day.run_after
    assert waits == sorted(waits)
    assert day.last_error == "MemoryError"
    assert not Day.objects.due(now + timedelta(days=9)).exists()
    assert Day.objects.all().dead().count() == 1


def test_a_dead_day_lives_again_when_revived(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(services, "compute_day", _poison)
        for hours in range(MAX_ATTEMPTS):
            run_one("day", day.pk, after() + timedelta(hours=2 * hours))
    Day.objects.all().revive()
    assert drain(after() + timedelta(days=1), "day") == {"day": 1}


def test_data_that_arrive_during_the_computation_leave_the_day_due(
    day: Day, device: tuple[Device, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compute_day = services.compute_day

    def interrupted(*args: Any) -> Any:
        upload(device[0], after(), **living())
        return compute_day(*args)

    with monkeypatch.context() as patch:
        patch.setattr(services, "compute_day", interrupted)
        assert run_one("day", day.pk, after())
    assert Day.objects.due(after()).exists()


def test_others_hear_of_a_day_only_when_its_values_changed(
    day: Day, device: tuple[Device, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(hooks, "_listeners", [lambda *told: heard.append(told[1])])
    drain(after(), "day")
    upload(device[0], after(), **living())
    drain(after(), "day")
    assert heard == [day.on]
