"""A real month of a real phone: days computed from the import equal pandas on the source tables.

The AWARE files ship inside the PyPI package `niimpy` (MIT); nothing of them is copied here.
"""

from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from django.core.management import call_command

from phenotyping.days.models import Day
from phenotyping.days.services import opened
from phenotyping.features.day import Measured
from tests.factories.phone import HELSINKI, local
from wellness.studies.models import Enrollment
from wellness.work.kinds import drain

FOUND = find_spec("niimpy")
pytestmark = pytest.mark.skipif(FOUND is None, reason="niimpy is not installed: the AWARE month is skipped")

SAMPLES = Path(FOUND.origin).parent / "sampledata" if FOUND and FOUND.origin else Path()
SCREEN, BATTERY = SAMPLES / "AwareScreen_1month.csv.gz", SAMPLES / "AwareBattery_1month.csv.gz"
NOW = local(date(2026, 1, 7), "12:00")
OFF, ON, LOCKED, UNLOCKED = range(4)
LONGEST = pd.Timedelta(minutes=360)

Days = dict[date, dict[str, Measured]]


@pytest.fixture
def days(ada: Enrollment) -> Days:
    """Ada's values by date after the month was imported as hers."""
    for path in (SCREEN, BATTERY):
        call_command(
            "import_data", "aware", str(path), study=ada.study.slug, participant=ada.code, timezone=HELSINKI
        )
    drain(NOW, "day")
    return {day.on: opened(ada, day) for day in Day.objects.filter(enrollment=ada)}


def test_a_month_gives_more_than_twenty_days(days: Days) -> None:
    whole = [on for on, one in days.items() if _value(one, "screen.unlock_count") is not None]
    charged = [on for on, one in days.items() if _value(one, "battery.mean_level") is not None]
    assert len(set(whole) & set(charged)) >= 20


def test_unlocks_and_screen_time_equal_a_direct_computation(days: Days) -> None:
    screen = _source()
    at, by_product = screen["at"], _by_product(screen)
    used = _episodes(
        screen, [UNLOCKED], (screen["state"] == OFF) | ((screen["state"] == LOCKED) & ~by_product)
    )
    lit = _episodes(screen, [ON], screen["state"] == OFF)
    assert at.dt.tz.key == HELSINKI
    n_compared = 0
    for on, one in sorted(days.items()):
        if _value(one, "screen.unlock_count") is None:
            continue
        n_compared += 1
        assert _value(one, "screen.unlock_count") == _begun(used, on)
        assert _value(one, "screen.screen_on_count") == _begun(lit, on)
        assert _value(one, "screen.unlock_total_duration") == pytest.approx(_minutes(used, on), abs=1e-6)
        assert _value(one, "screen.screen_on_total_duration") == pytest.approx(_minutes(lit, on), abs=1e-6)
    assert n_compared >= 20


def test_days_are_split_at_local_midnight_also_when_the_clock_moves(days: Days) -> None:
    moved = Day.objects.get(on=date(2017, 3, 26))
    assert moved.ends_at - moved.starts_at == timedelta(hours=23)
    for day in Day.objects.all():
        assert day.starts_at == pd.Timestamp(day.on, tz=HELSINKI)


def _value(one: dict[str, Measured], name: str) -> float | None:
    return one[name].value


def _source() -> pd.DataFrame:
    """Screen events in order of local time; events of one instant in the order of our words for them."""
    table = pd.read_csv(SCREEN)
    words = {OFF: "off", ON: "on", LOCKED: "locked", UNLOCKED: "unlocked"}
    us = (table["time"] * 1e6).round().astype("int64")
    events = pd.DataFrame(
        {
            "at": pd.to_datetime(us, unit="us", utc=True).dt.tz_convert(HELSINKI),
            "state": table["screen_status"],
            "word": table["screen_status"].map(words),
        }
    )
    return events.sort_values(["at", "word"], ignore_index=True)


def _by_product(screen: pd.DataFrame) -> pd.Series:
    """Whether an on or off lies within 50 ms of the event."""
    switches = screen[screen["state"].isin([ON, OFF])][["at"]].rename(columns={"at": "switched"})
    near = pd.merge_asof(
        screen[["at"]],
        switches,
        left_on="at",
        right_on="switched",
        direction="nearest",
        tolerance=pd.Timedelta(milliseconds=50),
    )
    return near["switched"].notna()


def _episodes(screen: pd.DataFrame, opening: list[int], closing: pd.Series) -> pd.DataFrame:
    """From the first opening event after a closing one to the next closing one, six hours at most."""
    n_closed = closing.cumsum()
    starts = screen["at"][screen["state"].isin(opening)].groupby(n_closed).min()
    ends = screen["at"][closing].groupby(n_closed - 1).min()
    pairs = pd.concat({"start": starts, "end": ends}, axis=1).dropna()
    return pairs[pairs["end"] - pairs["start"] <= LONGEST]


def _begun(episodes: pd.DataFrame, on: date) -> int:
    return int((episodes["start"].dt.date == on).sum())


def _minutes(episodes: pd.DataFrame, on: date) -> float:
    midnight, next_one = (pd.Timestamp(on + timedelta(days=k), tz=HELSINKI) for k in (0, 1))
    inside = episodes["end"].clip(upper=next_one) - episodes["start"].clip(lower=midnight)
    return float(inside.clip(lower=pd.Timedelta(0)).sum() / pd.Timedelta(minutes=1))
