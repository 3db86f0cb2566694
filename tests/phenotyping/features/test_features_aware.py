"""The AWARE month of a real person inside niimpy, against a plain pandas computation."""

from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from phenotyping.features.day import compute_day

pandas = pytest.importorskip("pandas")
SPEC = find_spec("niimpy")
pytestmark = pytest.mark.skipif(SPEC is None, reason="niimpy and its sample data are not installed")

ZONE = "Europe/Helsinki"
DAYS = [date(2017, 3, 1) + timedelta(days=n) for n in range(31)]
STATES = {0: "off", 1: "on", 2: "locked", 3: "unlocked"}
STATUSES = {-3: "reboot", -2: "reboot", -1: "shutdown", 2: "charging", 3: "discharging", 5: "full"}


def table(name):
    path = Path(SPEC.submodule_search_locations[0]) / "sampledata" / f"Aware{name}_1month.csv.gz"
    return pandas.read_csv(path).sort_values("time", kind="stable")


def to_us(times):
    return np.round(times.to_numpy() * 1e6).astype(np.int64)


@pytest.fixture(scope="module")
def month(window_of):
    screen, battery = table("Screen"), table("Battery")
    samples = {
        "screen": {"time": to_us(screen.time), "state": screen.screen_status.map(STATES).to_numpy(object)},
        "battery": {
            "time": to_us(battery.time),
            "level": battery.battery_level.to_numpy(float),
            "status": battery.battery_status.map(STATUSES).to_numpy(object),
        },
    }
    return {on: compute_day(samples, window_of(on)) for on in DAYS}


def direct(opening):
    """Count and minutes by local day of episodes from a status to the next off, straight from the table."""
    rows = table("Screen").query("screen_status in (0, @opening)")
    rows = rows[rows.screen_status != rows.screen_status.shift()]
    rows = rows.assign(until=rows.time.shift(-1)).query("screen_status == @opening and until - time <= 21600")
    at = pandas.to_datetime(rows[["time", "until"]].stack(), unit="s", utc=True).dt.tz_convert(ZONE).unstack()
    minutes = dict.fromkeys(DAYS, 0.0)
    for begin, end in zip(at.time, at.until, strict=True):
        for midnight in pandas.date_range(begin.normalize(), end, freq="D"):
            inside = min(end, midnight + pandas.DateOffset(days=1)) - max(begin, midnight)
            minutes[midnight.date()] += inside.total_seconds() / 60
    return at.time.dt.date.value_counts().reindex(DAYS, fill_value=0).to_dict(), minutes


@pytest.mark.parametrize(("opening", "name"), [(3, "unlock"), (1, "screen_on")])
def test_counts_and_durations_equal_pandas_with_days_cut_at_local_midnight(month, opening, name):
    counts, minutes = direct(opening)
    for on in DAYS:
        assert month[on][f"screen.{name}_count"].value == counts[on]
        assert month[on][f"screen.{name}_total_duration"].value == pytest.approx(minutes[on], abs=1e-4)


def test_the_month_gives_values_on_most_days(month):
    for name in ("screen.unlock_count", "screen.first_unlock", "battery.mean_level", "sleep.duration"):
        assert sum(month[on][name].value is not None for on in DAYS) > 20, name


def test_the_day_of_the_skipped_hour_expects_23_hours(month):
    assert month[date(2017, 3, 26)]["screen.unlock_count"].expected_min == 1380
    assert month[date(2017, 3, 26)]["battery.mean_level"].observed_min <= 1380


def test_battery_level_equals_a_minute_by_minute_mean(month):
    battery = table("Battery")
    grid = pandas.date_range("2017-03-09", "2017-03-10", freq="10s", tz=ZONE, inclusive="left")
    rows = battery.assign(at=pandas.to_datetime(battery.time, unit="s", utc=True))
    held = pandas.merge_asof(
        pandas.DataFrame({"at": grid.tz_convert("UTC").as_unit("ns")}),
        rows.assign(at=rows["at"].astype("datetime64[ns, UTC]")),
        on="at",
        tolerance=pandas.Timedelta("30min"),
    )
    assert month[date(2017, 3, 9)]["battery.mean_level"].value == pytest.approx(
        held.battery_level.mean(), abs=0.02
    )
