"""One person-day: every phenotype that the permitted streams allow, each with its coverage."""

from collections.abc import Mapping

from phenotyping.features.phenotype import Phenotype
from phenotyping.features.registry import SENSORS
from phenotyping.features.sensor import Reading, SensedDay
from phenotyping.features.window import PAD_AFTER_H, PAD_BEFORE_H, US_PER_MIN, DayWindow, Measured
from phenotyping.streams.samples import Columns

__all__ = ["PAD_AFTER_H", "PAD_BEFORE_H", "DayWindow", "Measured", "compute_day"]

ROUNDING = 1e-9


def compute_day(samples: Mapping[str, Columns], window: DayWindow) -> dict[str, Measured]:
    """Every phenotype whose streams are all among the keys of `samples`, in registry order.

    Parameters
    ----------
    samples : columns by stream name
        Rows from 12 hours before the window to 6 hours after it; others change nothing. A stream without a
        key was not permitted or never collected; an empty one sent nothing.
    window : the local day

    Returns
    -------
    measured : Measured by phenotype name
        None with "no_data" when no minute was observed, "low_coverage" below the phenotype's `min_yield`,
        "undefined" when the definition has no answer or the value is outside its possible range.
    """
    day = SensedDay.of(samples, window)
    measured: dict[str, Measured] = {}
    for sensor in SENSORS:
        if all(stream in samples for stream in sensor.streams):
            reading = sensor.measure(day)
            measured |= {phenotype.name: _judged(phenotype, reading) for phenotype in sensor.phenotypes}
    return measured


def _judged(phenotype: Phenotype, reading: Reading) -> Measured:
    minutes = reading.observed_us / US_PER_MIN, reading.expected_us / US_PER_MIN
    if not reading.observed_us:
        return Measured(None, *minutes, "no_data")
    if reading.observed_us < phenotype.min_yield * reading.expected_us:
        return Measured(None, *minutes, "low_coverage")
    value, slack = reading.values[phenotype.name], ROUNDING * (phenotype.high - phenotype.low)
    if value is None or not phenotype.low - slack <= value <= phenotype.high + slack:
        return Measured(None, *minutes, "undefined")
    return Measured(min(max(value, phenotype.low), phenotype.high), *minutes, None)
