"""Steps: how many, in how many active minutes and at which cadence.

Steps of an interval are spread evenly over it and split at window edges in proportion. Phones send only
intervals with steps, so an alive phone without rows means no steps. Active minutes and cadence need intervals
of at most 15 minutes: they are undefined when more than half of the day's steps come from longer ones.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.coverage import MIN_YIELD, Instants, covered, overlap
from phenotyping.features.phenotype import Phenotype
from phenotyping.features.sensor import Reading, SensedDay, Sensor
from phenotyping.features.window import US_PER_MIN, DayWindow

ACTIVE_STEPS = 10
PEAK_MIN = 30
COARSE_US = 15 * US_PER_MIN
MOST_PER_MIN = 1_000

_steps = partial(Phenotype, domain="activity", streams=("steps",), scale="sqrt", min_yield=MIN_YIELD, low=0)

PHENOTYPES = (
    _steps(
        name="steps.total",
        label="Steps",
        unit="steps",
        definition="Steps of the day, in proportion for intervals over midnight; above 1,000/min dropped.",
        source="T2; Vega et al. (2021), Front. Digit. Health 3:769823",
        high=150_000,
    ),
    _steps(
        name="steps.active_minutes",
        label="Active minutes",
        unit="min",
        definition="Clock minutes with at least 10 steps, those of longer intervals spread evenly.",
        source="T1; Vega et al. (2021), Front. Digit. Health 3:769823",
        high=1_500,
    ),
    _steps(
        name="steps.peak_30min_cadence",
        label="Briskest half hour",
        unit="steps/min",
        definition="Mean steps of the 30 minutes with the most steps, in any order.",
        source="T2; Tudor-Locke et al. (2012), J. Phys. Act. Health 9:1125",
        high=MOST_PER_MIN,
    ),
)


def measure(day: SensedDay) -> Reading:
    """Step values of the day, over minutes inside an interval or with the phone alive."""
    window, times = day.window, day.times("steps")
    steps, length_s = day.numbers("steps", "steps"), day.numbers("steps", "duration_s")
    usable = np.isfinite(steps) & (length_s > 0) & (steps <= MOST_PER_MIN / 60 * np.maximum(length_s, 60))
    starts = times[usable]
    ends = starts + (length_s[usable] * 1e6).astype(np.int64)
    inside = steps[usable] * overlap(starts, ends, window.start_us, window.end_us) / (ends - starts)
    total = float(inside.sum())
    fine = float(inside[ends - starts <= COARSE_US].sum()) * 2 >= total
    minute = per_minute(starts, ends, steps[usable], window)
    seen = np.concatenate((starts, day.alive[0])), np.concatenate((ends, day.alive[1]))
    return Reading(
        covered(*seen, window.start_us, window.end_us),
        window.end_us - window.start_us,
        {
            "steps.total": total,
            "steps.active_minutes": float(np.count_nonzero(minute >= ACTIVE_STEPS)) if fine else None,
            "steps.peak_30min_cadence": _peak(minute) if fine else None,
        },
    )


def per_minute(
    starts: Instants, ends: Instants, steps: NDArray[np.float64], window: DayWindow
) -> NDArray[np.float64]:
    """Steps in each minute of the window, to 1e-6 steps; shape (whole minutes of the window,).

    The running total is piecewise linear with knots where intervals start and end, so it is summed once and
    read off at the minutes. Intervals may overlap.
    """
    edges = np.arange(window.start_us, window.end_us + 1, US_PER_MIN)
    if not starts.size:
        return np.zeros(max(edges.size - 1, 0))
    rate = steps / (ends - starts)
    knots, change = np.concatenate((starts, ends)), np.concatenate((rate, -rate))
    order = np.argsort(knots, kind="stable")
    knots, slope = knots[order], np.cumsum(change[order])
    total = np.concatenate(([0.0], np.cumsum(slope[:-1] * np.diff(knots))))
    origin = knots[0]  # small numbers keep the interpolation exact to the microsecond
    minute: NDArray[np.float64] = np.diff(np.interp(edges - origin, knots - origin, total))
    return np.round(minute, 6)


def _peak(minute: NDArray[np.float64]) -> float | None:
    if minute.size < PEAK_MIN:
        return None
    return float(np.partition(minute, -PEAK_MIN)[-PEAK_MIN:].mean())


SENSOR = Sensor(PHENOTYPES, measure)
