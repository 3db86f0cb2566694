from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellness.lib.clock import ZoneHistory, at_local, from_us, to_us

ZONES = ("Europe/Helsinki", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "UTC")
SECONDS = st.integers(1_293_840_000, 1_893_456_000)  # 2011 to 2030
INSTANTS = st.builds(
    lambda s, us: datetime.fromtimestamp(s, UTC).replace(microsecond=us), SECONDS, st.integers(0, 999_999)
)
HISTORIES = st.lists(
    st.tuples(INSTANTS, st.sampled_from(ZONES)), min_size=1, max_size=4, unique_by=lambda c: c[0]
)


def living_in(zone: str) -> ZoneHistory:
    return ZoneHistory.of([(datetime(2020, 1, 1, tzinfo=UTC), zone)])


@pytest.mark.parametrize(
    ("on", "zone", "hours"),
    [
        (date(2026, 3, 29), "Europe/Helsinki", 23),
        (date(2026, 10, 25), "Europe/Helsinki", 25),
        (date(2026, 11, 1), "America/New_York", 25),
        (date(2026, 6, 1), "America/New_York", 24),
        (date(2026, 4, 5), "Australia/Lord_Howe", 24.5),
    ],
)
def test_a_local_day_is_as_long_as_the_clock_makes_it(on: date, zone: str, hours: float) -> None:
    day = living_in(zone).day(on)
    assert day.minutes == hours * 60
    assert day.on == on
    assert day.zone == zone


def test_a_quiet_night_over_the_spring_change_has_eight_hours() -> None:
    zone = "America/New_York"
    night = at_local(date(2026, 3, 8), time(7), zone) - at_local(date(2026, 3, 7), time(22), zone)
    assert night == timedelta(hours=8)


def test_a_wall_time_that_comes_twice_means_the_first() -> None:
    first = at_local(date(2026, 11, 1), time(1, 30), "America/New_York")
    assert first == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_wall_time_that_is_skipped_is_shifted_on() -> None:
    skipped = at_local(date(2026, 3, 8), time(2, 30), "America/New_York")
    assert skipped == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_a_flight_east_makes_the_day_shorter() -> None:
    landed = datetime(2026, 6, 10, 12, tzinfo=UTC)
    zones = ZoneHistory.of([(landed, "Asia/Kolkata"), (datetime(2026, 1, 1, tzinfo=UTC), "UTC")])
    assert zones.day(date(2026, 6, 10)).minutes == 18.5 * 60
    assert zones.local_date(landed) == date(2026, 6, 10)


def test_a_date_lost_at_the_date_line_has_no_length() -> None:
    zones = living_in("Pacific/Apia")
    lost = ZoneHistory.of([(datetime(2011, 1, 1, tzinfo=UTC), "Pacific/Apia")]).day(date(2011, 12, 30))
    assert lost.minutes == 0
    assert zones.day(date(2026, 1, 1)).minutes == 1440


@given(HISTORIES, INSTANTS, st.integers(0, 6))
def test_days_tile_time_whatever_the_zones(
    changes: list[tuple[datetime, str]], start: datetime, n_days: int
) -> None:
    days = ZoneHistory.of(changes).days(start, start + timedelta(days=n_days, hours=1))
    assert days[0].starts_at <= start
    assert days[-1].ends_at >= start + timedelta(days=n_days, hours=1)
    for one, following in pairwise(days):
        assert one.ends_at == following.starts_at
        assert one.on < following.on


@given(HISTORIES, INSTANTS)
def test_an_instant_lies_in_the_day_it_is_said_to_belong_to(
    changes: list[tuple[datetime, str]], at: datetime
) -> None:
    zones = ZoneHistory.of(changes)
    day = zones.day(zones.local_date(at))
    assert day.starts_at <= at < day.ends_at


@given(INSTANTS)
def test_microseconds_go_there_and_back(at: datetime) -> None:
    assert from_us(to_us(at)) == at
    assert to_us(at.astimezone(timezone(timedelta(hours=5, minutes=30)))) == to_us(at)


def test_a_naive_time_has_no_instant() -> None:
    with pytest.raises(ValueError, match="naive"):
        to_us(datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_person_without_a_zone_has_no_history() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ZoneHistory.of([])
