"""Where a local day starts and ends: summer time, travel, and what a late change of zone does."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from phenotyping.days.models import Day
from phenotyping.features.day import Measured
from tests.factories.phone import battery, local, upload, walk
from tests.phenotyping.days.conftest import TUESDAY, after, living
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import change_zone
from wellness.work.kinds import drain

Values = Callable[[date], dict[str, Measured]]


@pytest.mark.parametrize(
    ("on", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 3, 28), 24)]
)
def test_a_day_is_as_long_as_its_clock_says(
    device: tuple[Device, str], values: Values, on: date, hours: int
) -> None:
    start = local(on, "00:00")
    upload(device[0], after(on), battery=battery(start, start + timedelta(hours=30)))
    drain(after(on), "day")
    day = Day.objects.get(on=on)
    assert day.ends_at - day.starts_at == timedelta(hours=hours)
    assert values(on)["battery.mean_level"].expected_min == hours * 60
    assert values(on)["battery.mean_level"].observed_min == hours * 60


def test_a_change_of_zone_cuts_the_days_again(
    ada: Enrollment, device: tuple[Device, str], values: Values
) -> None:
    start, now = local(TUESDAY, "00:00"), after(TUESDAY + timedelta(days=1))
    phone = battery(start, start + timedelta(hours=47))
    upload(device[0], now, battery=phone, steps=walk(local(TUESDAY, "23:30"), 60))
    drain(now, "day")
    assert values(TUESDAY)["steps.total"].value == 3_000

    change_zone(enrollment=ada, zone="America/New_York", from_at=local(TUESDAY, "15:00"))

    day = Day.objects.get(on=TUESDAY)
    assert day.ends_at - day.starts_at == timedelta(hours=31)
    assert day.stale_seq > day.computed_seq
    drain(now, "day")
    assert values(TUESDAY)["steps.total"].value == 6_000
    assert Day.objects.get(on=TUESDAY + timedelta(days=1)).starts_at == day.ends_at


def test_flying_east_makes_the_day_that_the_evening_falls_into(
    ada: Enrollment, device: tuple[Device, str], values: Values
) -> None:
    upload(device[0], after(), **living())
    drain(after(), "day")
    change_zone(enrollment=ada, zone="Asia/Tokyo", from_at=local(TUESDAY, "11:00"))
    drain(after(), "day")
    wednesday = Day.objects.get(on=TUESDAY + timedelta(days=1))
    assert wednesday.starts_at == datetime(2026, 1, 6, 15, tzinfo=UTC)
    assert values(TUESDAY)["screen.unlock_count"].value == 1
    assert Day.objects.get(on=TUESDAY).ends_at == wednesday.starts_at


def test_a_zone_that_was_in_force_already_changes_nothing(
    ada: Enrollment, device: tuple[Device, str]
) -> None:
    upload(device[0], after(), **living())
    drain(after(), "day")
    change_zone(enrollment=ada, zone="Europe/Helsinki", from_at=local(TUESDAY, "11:00"))
    change_zone(enrollment=ada, zone="Asia/Tokyo", from_at=local(TUESDAY, "11:00") + timedelta(days=9))
    assert not Day.objects.due(after()).exists()
