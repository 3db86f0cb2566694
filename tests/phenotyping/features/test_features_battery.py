import pytest

from phenotyping.features.day import compute_day


@pytest.fixture
def battery(columns, window):
    def values(*rows):
        measured = compute_day({"battery": columns("level status", *rows)}, window)
        return {name.removeprefix("battery."): found for name, found in measured.items()}

    return values


def every(minutes, start, end, level, status):
    return [(at, level(at) if callable(level) else level, status) for at in range(start, end, minutes)]


def test_mean_level_weighs_by_time_and_rows_hold_half_an_hour(battery):
    found = battery((600, 40.0, "discharging"), (610, 100.0, "discharging"), (700, 100.0, "discharging"))
    assert found["mean_level"].observed_min == 10 + 30 + 30
    assert found["mean_level"].reason == "low_coverage"
    found = battery(*every(20, 0, 720, 20.0, "discharging"), *every(20, 720, 1440, 80.0, "discharging"))
    assert (found["mean_level"].value, found["mean_level"].observed_min) == (50, 1440)


def test_charging_counts_at_its_start_and_splits_at_midnight(battery):
    night = every(20, -60, 120, 90.0, "charging")
    day = [*every(20, 120, 600, 90.0, "discharging"), *every(20, 600, 700, 90.0, "full")]
    found = battery(*night, *day, (700, 90.0, "discharging"))
    assert found["charge_total_duration"].value == 120 + 100
    assert found["charge_episode_count"].value == 1


def test_a_gap_over_half_an_hour_splits_a_charge_and_an_unknown_state_does_not(battery):
    rows = [*every(15, 0, 600, 50.0, "discharging"), (610, 50.0, "charging"), (620, 50.0, "unknown")]
    assert battery(*rows, (630, 55.0, "charging"))["charge_episode_count"].value == 1
    assert battery(*rows, (641, 55.0, "charging"))["charge_episode_count"].value == 2


def test_consumption_is_level_lost_per_hour_of_discharge(battery):
    rows = every(15, 0, 900, lambda at: 90 - at / 60 * 4, "discharging")
    charged = every(15, 900, 1440, lambda at: 50 + (at - 900) / 60, "charging")
    assert battery(*rows, *charged)["mean_consumption_rate"].value == pytest.approx(4)
    assert battery(*every(15, 0, 1440, 90.0, "charging"))["mean_consumption_rate"].reason == "undefined"


def test_a_level_that_rises_while_discharging_gives_no_negative_rate(battery):
    rows = every(15, 0, 1440, lambda at: 50 + at / 60, "discharging")
    assert battery(*rows)["mean_consumption_rate"].value == 0


def test_a_phone_that_was_shut_down_is_not_observed(battery):
    found = battery(*every(15, 0, 900, 50.0, "discharging"), (900, 50.0, "shutdown"))
    assert found["mean_level"].observed_min == 900
