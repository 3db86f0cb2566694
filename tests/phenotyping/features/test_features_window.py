from datetime import UTC, date, datetime

import pytest

from phenotyping.features.window import Measured
from wellness.lib.clock import to_us


@pytest.mark.parametrize(
    ("on", "minutes"), [((2017, 3, 26), 1380), ((2017, 3, 10), 1440), ((2017, 10, 29), 1500)]
)
def test_a_local_day_has_its_real_length(window_of, on, minutes):
    assert window_of(date(*on)).minutes == minutes


def test_wall_minutes_follow_the_clock_on_the_wall_over_a_skipped_hour(window_of):
    window = window_of(date(2017, 3, 26))
    assert window.wall_min(to_us(datetime(2017, 3, 26, 4, 0, tzinfo=UTC))) == 7 * 60
    assert window.instant_us(7) == to_us(datetime(2017, 3, 26, 4, 0, tzinfo=UTC))
    assert window.wall_min(to_us(datetime(2017, 3, 25, 20, 0, tzinfo=UTC))) == -120


def test_a_missing_value_has_a_reason_and_a_value_has_none():
    assert Measured(1.0, 720.0, 1440.0, None).yield_ratio == 0.5
    assert Measured(None, 0.0, 0.0, "no_data").yield_ratio == 0
    with pytest.raises(ValueError, match="reason"):
        Measured(1.0, 720.0, 1440.0, "undefined")
    with pytest.raises(ValueError, match="reason"):
        Measured(None, 720.0, 1440.0, None)
