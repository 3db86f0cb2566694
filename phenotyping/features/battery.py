"""Battery: level, charging and consumption.

A row holds until the next, at most 30 minutes (B1); a shutdown row holds nothing, for the phone is off.
Charging and full are charge, discharging and not charging are discharge, other states end nothing.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.coverage import FIX_US, MIN_YIELD, Instants, held_until, overlap
from phenotyping.features.phenotype import Phenotype
from phenotyping.features.sensor import Reading, SensedDay, Sensor
from phenotyping.features.window import US_PER_H, US_PER_MIN, DayWindow

_battery = partial(
    Phenotype,
    domain="device",
    source="B1; Vega et al. (2021), Front. Digit. Health 3:769823",
    streams=("battery",),
    scale="sqrt",
    min_yield=MIN_YIELD,
    low=0,
)

PHENOTYPES = (
    _battery(
        name="battery.mean_level",
        label="Mean battery level",
        unit="%",
        definition="Time-weighted mean of the battery level over the observed minutes.",
        scale="identity",
        high=100,
    ),
    _battery(
        name="battery.charge_episode_count",
        label="Times the phone was charged",
        unit="n",
        definition="Number of runs of charging rows, split at gaps over 30 min, that start in the day.",
        high=1_500,
    ),
    _battery(
        name="battery.charge_total_duration",
        label="Time on the charger",
        unit="min",
        definition="Minutes of the day held by charging rows.",
        high=1_500,
    ),
    _battery(
        name="battery.mean_consumption_rate",
        label="Battery use per hour",
        unit="%/h",
        definition="Net level lost between rows while discharging (gaps to 30 min), per hour of discharging.",
        high=600,
    ),
)


def measure(day: SensedDay) -> Reading:
    """Battery values of the day, over the minutes its own rows hold."""
    window, times = day.window, day.times("battery")
    level, status = day.numbers("battery", "level"), day.words("battery", "status")
    ends = np.where(status == "shutdown", times, held_until(times, FIX_US))
    held = overlap(times, ends, window.start_us, window.end_us)
    charging = (status == "charging") | (status == "full")
    known = charging | (status == "discharging") | (status == "not_charging")
    count, minutes = _charges(times[known], charging[known], window)
    rate = _consumption(times[known], level[known], charging[known], window)
    return Reading(
        int(held.sum()),
        window.end_us - window.start_us,
        {
            "battery.mean_level": _mean_level(level, held),
            "battery.charge_episode_count": count,
            "battery.charge_total_duration": minutes,
            "battery.mean_consumption_rate": rate,
        },
    )


def _mean_level(level: NDArray[np.float64], held: Instants) -> float | None:
    weight = np.where(np.isnan(level), 0, held)
    return float(np.nansum(level * weight) / weight.sum()) if weight.any() else None


def _charges(times: Instants, charging: NDArray[np.bool_], window: DayWindow) -> tuple[float, float]:
    """Number of charge episodes that start in the window, and charging minutes of the window."""
    begins = charging.copy()
    begins[1:] &= ~charging[:-1] | (np.diff(times) > FIX_US)
    n_begun = np.count_nonzero(begins & (times >= window.start_us) & (times < window.end_us))
    held = overlap(times, held_until(times, FIX_US), window.start_us, window.end_us)
    return float(n_begun), float(held[charging].sum() / US_PER_MIN)


def _consumption(
    times: Instants, level: NDArray[np.float64], charging: NDArray[np.bool_], window: DayWindow
) -> float | None:
    length, lost = np.diff(times), -np.diff(level)
    inside = overlap(times[:-1], times[1:], window.start_us, window.end_us)
    both = ~charging[:-1] & ~charging[1:]  # plugged in between two rows, the level may have risen
    use = both & (length <= FIX_US) & (inside > 0) & ~np.isnan(lost)
    hours = inside[use].sum() / US_PER_H
    if not hours:
        return None
    return max(float((lost[use] * inside[use] / length[use]).sum() / hours), 0.0)


SENSOR = Sensor(PHENOTYPES, measure)
