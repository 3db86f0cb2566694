from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from phenotyping.features.day import compute_day
from phenotyping.features.geo import EARTH_M

METRE = 180 / np.pi / EARTH_M
HOME = 60.0


@pytest.fixture
def location(columns, window):
    """Values of a day of (minute, metres north, metres east) fixes."""

    def values(*fixes, accuracy=10.0):
        east = METRE / np.cos(np.radians(HOME))
        rows = [(at, HOME + y * METRE, 24.0 + x * east, accuracy) for at, y, x in fixes]
        measured = compute_day({"gps": columns("latitude longitude accuracy", *rows)}, window)
        return {name.removeprefix("location."): found.value for name, found in measured.items()}

    return values


def stay(start, end, north=0.0, east=0.0, step=10):
    return [(at, north, east) for at in range(start, end, step)]


def test_entropy_of_time_at_three_places(location):
    """Cases 2 and 3: niimpy takes the entropy of label ids, RAPIDS divides by N instead of ln N."""
    values = location(*stay(0, 720), *stay(720, 1080, 5_000), *stay(1080, 1440, -5_000))
    assert values["location_entropy"] == pytest.approx(1.0397, abs=5e-5)
    assert values["normalized_location_entropy"] == pytest.approx(0.9464, abs=5e-5)
    assert values["significant_places_visited"] == 3


def test_radius_of_gyration_of_two_places_weighs_time_and_squares(location):
    """Case 5: Forest gives 375."""
    values = location(*stay(0, 1080), *stay(1080, 1440, 0, 1_000))
    assert values["radius_of_gyration"] == pytest.approx(433.0, abs=0.1)
    assert values["log_location_variance"] == pytest.approx(np.log(187_500), rel=1e-6)


def test_moving_only_east_changes_the_distance(location):
    """Case 1: niimpy reads latitude as longitude."""
    trip = [(720 + 10 * leg, 0, 1_000 * leg) for leg in range(6)]
    values = location(*stay(0, 720), *trip, *stay(780, 1440, 0, 5_000))
    assert values["total_distance"] == pytest.approx(5_000, rel=1e-6)
    assert values["static_ratio"] == pytest.approx(1 - 50 / 1440)
    assert values["max_distance_from_home"] == pytest.approx(5_000, rel=1e-2)


@pytest.mark.parametrize("step_s", [5, 60, 300, 600])
def test_error_of_a_fix_at_rest_is_no_distance_at_any_sampling_rate(location, step_s):
    rng = np.random.default_rng(7)
    at = np.arange(0, 86_400, step_s) / 60
    values = location(*zip(at, rng.normal(0, 10, at.size), rng.normal(0, 10, at.size), strict=True))
    assert (values["total_distance"], values["static_ratio"]) == (0, 1)
    assert (values["significant_places_visited"], values["location_entropy"]) == (1, 0)
    assert values["normalized_location_entropy"] == 0


def test_two_fixes_seconds_apart_are_no_walk(location):
    pairs = [(at + late, 300 * late, 0) for at in range(0, 1440, 10) for late in (-0.05, 0.05)]
    assert location(*pairs)["total_distance"] == 0


def test_a_walk_counts_up_to_the_last_fix_before_a_gap(location):
    values = location(*stay(0, 720), (720, 0, 0), (724, 600, 0), *stay(784, 1440, 600))
    assert values["total_distance"] == pytest.approx(600, rel=1e-6)


def test_home_is_where_the_night_was_spent_and_unknown_when_the_night_was_not_seen(location):
    values = location(*stay(0, 480), *stay(480, 1440, 3_000))
    assert values["time_at_home"] == 480
    assert values["max_distance_from_home"] == pytest.approx(3_000, rel=1e-6)
    unseen = location(*stay(270, 480), *stay(480, 1440, 3_000))
    assert (unseen["time_at_home"], unseen["max_distance_from_home"]) == (None, None)
    assert unseen["significant_places_visited"] == 2


def test_a_day_at_one_spot_is_a_value_and_not_a_gap(location):
    values = location(*stay(0, 1440))
    assert (values["log_location_variance"], values["radius_of_gyration"]) == (0, pytest.approx(0, abs=1e-6))
    assert (values["time_at_home"], values["location_entropy"]) == (1440, 0)


def test_poor_fixes_are_dropped_and_unknown_accuracy_is_kept(location):
    assert location(*stay(0, 1440), accuracy=100.0)["static_ratio"] is None
    assert location(*stay(0, 1440), accuracy=np.nan)["static_ratio"] == 1


def test_a_trip_over_midnight_counts_in_proportion(location):
    values = location(*stay(-300, 0), (-5, 0, 0), (15, 4_000, 0), *stay(25, 1440, 4_000))
    assert values["total_distance"] == pytest.approx(3_000, rel=1e-6)


def test_fixes_too_far_apart_to_tell_movement_leave_distance_unknown(location):
    values = location(*[(at, at, 0) for at in range(0, 1440, 45)])
    assert (values["total_distance"], values["static_ratio"]) == (None, None)
    assert values["radius_of_gyration"] > 0


def test_a_jump_faster_than_250_km_h_is_no_distance(location):
    values = location(*stay(0, 720), (720, 60_000, 0), *stay(730, 1440))
    assert values["total_distance"] == 0


def test_normalised_entropy_of_real_people_stays_within_one(window_of):
    """Case 2 on the data of niimpy, whose own value reaches 6.8."""
    spec = find_spec("niimpy")
    if spec is None:
        pytest.skip("niimpy and its sample data are not installed")
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(Path(spec.submodule_search_locations[0]) / "sampledata/gps.csv").sort_values(
        "time"
    )
    found = []
    for _, rows in table.groupby("user"):
        gps = {"time": rows.time.to_numpy(np.int64) * 1_000_000}
        gps |= {name: rows[f"double_{name}"].to_numpy(float) for name in ("latitude", "longitude")}
        days = sorted(set(pandas.to_datetime(rows.time, unit="s").dt.date))
        found += [compute_day({"gps": gps}, window_of(day)) for day in days]
    values = [day["location.normalized_location_entropy"].value for day in found]
    known = [value for value in values if value is not None]
    assert len(known) > 90
    assert 0 <= min(known) <= max(known) <= 1
