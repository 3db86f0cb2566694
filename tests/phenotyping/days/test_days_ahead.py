"""Data dated ahead of us, data of long ago, and consent that comes back."""

from collections.abc import Callable
from datetime import date, timedelta

from phenotyping.days.models import Day
from phenotyping.features.day import Measured
from tests import factories
from tests.factories.phone import battery, local, rows, upload, walk
from tests.phenotyping.days.conftest import TUESDAY, after, living
from wellness.consent.purposes import FEATURE
from wellness.consent.services import withdraw
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import change_zone
from wellness.work.kinds import drain

Values = Callable[[date], dict[str, Measured]]
DAY = timedelta(days=1)


def test_what_has_not_happened_yet_is_left_for_later(device: tuple[Device, str], values: Values) -> None:
    """A clock ahead by hours dates a walk this evening; today is computed without it, and again tomorrow."""
    now = local(TUESDAY, "15:00")
    upload(device[0], now, battery=battery(local(TUESDAY, "00:00"), now))
    upload(
        device[0], now, steps=walk(local(TUESDAY, "12:00"), 10), light=rows([now + 30 * DAY / 24], lux=[1])
    )
    upload(device[0], now, steps=walk(local(TUESDAY, "20:00"), 10))
    drain(now, "day")
    assert values(TUESDAY)["steps.total"].value == 1_000
    assert Day.objects.get(on=TUESDAY + DAY).computed_at is None
    assert not Day.objects.due(now + timedelta(hours=1)).exists()
    upload(device[0], now, steps=walk(local(TUESDAY, "13:00"), 10))  # more data do not wait for it
    drain(now, "day")
    assert values(TUESDAY)["steps.total"].value == 2_000
    drain(after(TUESDAY + 2 * DAY), "day")
    assert values(TUESDAY)["steps.total"].value == 3_000


def test_days_come_to_be_where_there_are_rows(device: tuple[Device, str]) -> None:
    """One upload that reaches over eleven years is three days, not four thousand."""
    times = [local(date(2015, 6, 1), "12:00"), local(date(2019, 3, 31), "23:30"), local(TUESDAY, "12:00")]
    upload(device[0], after(), light=rows(times, lux=[1.0] * 3))
    assert list(Day.objects.order_by("on").values_list("on", flat=True)) == [
        date(2015, 6, 1),
        date(2019, 3, 31),
        TUESDAY,
    ]


def test_a_day_that_a_late_statement_empties_goes(ada: Enrollment, device: tuple[Device, str]) -> None:
    """Four in the morning at home is still yesterday evening where the phone was, as is heard later."""
    night = local(TUESDAY + DAY, "04:00")
    upload(device[0], after(), light=rows([local(TUESDAY, "12:00"), night], lux=[1.0, 1.0]))
    assert Day.objects.count() == 2
    change_zone(enrollment=ada, zone="America/New_York", from_at=local(TUESDAY, "15:00"))
    assert list(Day.objects.values_list("on", flat=True)) == [TUESDAY]


def test_days_are_computed_again_when_consent_comes_back(
    ada: Enrollment, device: tuple[Device, str], values: Values
) -> None:
    upload(device[0], after(), **living())
    drain(after(), "day")
    before = values(TUESDAY)["steps.total"]
    withdraw(enrollment=ada, now=after(), scopes=[(FEATURE, "steps")])
    drain(after(), "day")
    assert "steps.total" not in values(TUESDAY)
    factories.agree_to_everything(ada, now=after() + DAY)
    drain(after() + DAY, "day")
    assert values(TUESDAY)["steps.total"] == before
