"""From an upload to the values of a local day."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from phenotyping.days.models import Day
from phenotyping.days.selectors import day_values, series
from phenotyping.features.day import Measured
from tests.factories.phone import battery, local, rows, upload, walk
from tests.phenotyping.days.conftest import TUESDAY, after, living
from wellness.consent.purposes import SHARE_CLINICIAN
from wellness.studies.models import Device, Enrollment
from wellness.work.kinds import drain

Values = Callable[[date], dict[str, Measured]]


def test_an_upload_becomes_the_values_of_its_day(device: tuple[Device, str], values: Values) -> None:
    upload(device[0], after(), **living())
    assert list(Day.objects.due(after()).values_list("on", flat=True)) == [TUESDAY]

    assert drain(after(), "day") == {"day": 1}

    found = values(TUESDAY)
    assert found["screen.unlock_count"] == Measured(2.0, 1_440.0, 1_440.0, None)
    assert found["screen.unlock_total_duration"].value == pytest.approx(25)
    assert found["screen.first_unlock"].value == 600
    assert found["steps.total"].value == 3_000
    assert found["battery.mean_level"].value == pytest.approx(80)
    assert found["survey.mood"] == Measured(None, 0.0, 1_440.0, "no_data")


def test_the_row_says_what_it_rests_on(ada: Enrollment, device: tuple[Device, str]) -> None:
    upload(device[0], after(), **living())
    drain(after(), "day")
    day = Day.objects.get()
    assert (day.zone, day.computed_at, day.observed_min, day.expected_min) == (
        "Europe/Helsinki",
        after(),
        1_440,
        1_440,
    )
    assert day.consent_epoch == ada.consent_epoch
    assert day.consent_events
    assert b"unlock" not in bytes(day.sealed_values or b"")
    assert not Day.objects.due(after()).exists()


def test_nothing_changed_gives_the_same_bytes(device: tuple[Device, str]) -> None:
    upload(device[0], after(), **living())
    drain(after(), "day")
    first = Day.objects.get()
    upload(device[0], after(), **living())
    drain(after(), "day")
    again = Day.objects.get()
    assert again.computed_seq > first.computed_seq
    assert (again.values_sha256, again.input_sha256) == (first.values_sha256, first.input_sha256)


def test_late_and_reversed_data_give_what_data_in_order_give(
    ada: Enrollment, device: tuple[Device, str]
) -> None:
    dates = [TUESDAY + timedelta(days=k) for k in range(4)]
    now = after(dates[-1]) + timedelta(days=30)

    def digests() -> list[tuple[str, str]]:
        drain(now, "day")
        days = Day.objects.filter(enrollment=ada).order_by("on")
        return list(days.values_list("values_sha256", "input_sha256"))

    upload(device[0], now, **living(dates[3]))
    for on in reversed(dates[:3]):
        for stream, part in reversed(living(on).items()):
            upload(device[0], now, **{stream: {name: column[::-1] for name, column in part.items()}})
            drain(now, "day")
    backwards = digests()
    Day.objects.all().delete()
    for on in dates:
        upload(device[0], now, **living(on))
    assert digests() == backwards


def test_data_near_midnight_recompute_the_neighbours_that_exist(device: tuple[Device, str]) -> None:
    wednesday = TUESDAY + timedelta(days=1)
    upload(device[0], after(), **living())
    drain(after(), "day")
    start = local(wednesday, "02:00")
    upload(device[0], after(), battery=battery(start, start + timedelta(hours=1)))
    assert set(Day.objects.due(after()).values_list("on", flat=True)) == {TUESDAY, wednesday}
    assert Day.objects.count() == 2  # Thursday looks back at Wednesday evening only, and Monday never was


def test_steps_at_midnight_belong_to_one_day(device: tuple[Device, str], values: Values) -> None:
    start, now = local(TUESDAY, "00:00"), after(TUESDAY + timedelta(days=1))
    phone = battery(start, start + timedelta(days=2))
    upload(device[0], now, battery=phone, steps=walk(local(TUESDAY, "23:30"), 60))
    drain(now, "day")
    tuesday, wednesday = (values(TUESDAY + timedelta(days=k))["steps.total"].value for k in (0, 1))
    assert (tuesday, wednesday) == (3_000, 3_000)


def test_a_reader_gets_gaps_for_days_without_a_value(ada: Enrollment, device: tuple[Device, str]) -> None:
    upload(device[0], after(), **living())
    upload(
        device[0],
        after(),
        steps=rows([local(TUESDAY - timedelta(days=2), "10:00")], steps=[5], duration_s=[60.0]),
    )
    drain(after(), "day")
    on = TUESDAY - timedelta(days=2)
    found = series(ada, ["steps.total"], on, TUESDAY, purpose=SHARE_CLINICIAN, at=after())
    assert found.on == tuple(on + timedelta(days=k) for k in range(3))
    assert [str(value) for value in found.y["steps.total"]] == ["nan", "nan", "3000.0"]


def test_a_reader_without_a_grant_sees_no_values(ada: Enrollment, device: tuple[Device, str]) -> None:
    upload(device[0], after(), **living())
    drain(after(), "day")
    mine = day_values(ada, TUESDAY, TUESDAY, purpose=None, at=after())
    foreign = day_values(ada, TUESDAY, TUESDAY, purpose="no.such.purpose", at=after())
    assert mine[0].values
    assert mine[0].coverage == 1
    assert not foreign[0].values
