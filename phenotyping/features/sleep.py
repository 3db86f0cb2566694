"""Sleep from the screen: the longest screen-off gap of the night (Z4).

The night runs from 20:00 of the day before to 12:00 of the day, and belongs to the day of waking. A rest is
at least an hour without use of the screen, cut at the edges of the night; two rests with at most 5 minutes
between them are one, so that a look at the clock does not end sleep. The longest rest that ends after
midnight is the sleep period. It is undefined when the rows do not show where that rest began or ended.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.coverage import Instants
from phenotyping.features.phenotype import Phenotype
from phenotyping.features.sensor import Reading, SensedDay, Sensor
from phenotyping.features.window import US_PER_H, US_PER_MIN, DayWindow

FROM_H, TO_H = 20, 12
REST_US = US_PER_H
CHECK_US = 5 * US_PER_MIN
NOON_MIN = 720

_sleep = partial(
    Phenotype,
    domain="sleep",
    unit="min",
    streams=("screen",),
    scale="identity",
    min_yield=0.4,  # a phone that tells nothing else is silent all night: 8 h asleep leave 9 of 16 h observed
)
ISENSE = "JMIR mHealth uHealth 2019;7(5):e11930"

PHENOTYPES = (
    _sleep(
        name="sleep.duration",
        label="Time asleep",
        definition="Elapsed minutes from sleep onset to waking.",
        source=f"Z4; {ISENSE}",
        scale="sqrt",
        low=60,
        high=1_020,
    ),
    _sleep(
        name="sleep.onset",
        label="Fell asleep",
        definition="Wall-clock minutes after noon of the day before when the sleep period began.",
        source=f"Z4, Z5; {ISENSE}",
        low=480,
        high=1_380,
    ),
    _sleep(
        name="sleep.wake",
        label="Woke up",
        definition="Wall-clock minutes after midnight when the sleep period ended.",
        source=f"Z4; {ISENSE}",
        low=0,
        high=720,
    ),
    _sleep(
        name="sleep.midpoint",
        label="Middle of sleep",
        definition="Wall-clock minutes after noon of the day before, half way between onset and waking.",
        source=f"Z5; {ISENSE}",
        low=600,
        high=1_410,
    ),
)


def measure(day: SensedDay) -> Reading:
    """Sleep values of the night that ends in the day, over the minutes of the night with the phone alive."""
    window = day.window
    night = window.instant_us(FROM_H, days=-1), window.instant_us(TO_H)
    state = day.words("screen", "state")
    period = sleep_period(day.times("screen"), (state == "on") | (state == "unlocked"), window)
    values: dict[str, float | None] = dict.fromkeys(phenotype.name for phenotype in PHENOTYPES)
    if period is not None:
        onset_us, wake_us = period
        values = {
            "sleep.duration": (wake_us - onset_us) / US_PER_MIN,
            "sleep.onset": window.wall_min(onset_us) + NOON_MIN,
            "sleep.wake": window.wall_min(wake_us),
            "sleep.midpoint": window.wall_min((onset_us + wake_us) // 2) + NOON_MIN,
        }
    return Reading(day.alive_us(*night), night[1] - night[0], values)


def sleep_period(times: Instants, in_use: NDArray[np.bool_], window: DayWindow) -> tuple[int, int] | None:
    """Start and end of the sleep period, in microseconds; None when the rows do not show it.

    Parameters
    ----------
    times : int64 array of shape (n,), ascending
        Instants of screen rows.
    in_use : bool array of shape (n,)
        Whether the screen is on or the phone unlocked from that row on.
    window : the day of waking
    """
    starts, ends, is_open = _rests(times, in_use)
    starts = np.maximum(starts, window.instant_us(FROM_H, days=-1))
    ends = np.minimum(ends, window.instant_us(TO_H))
    long = ends - starts >= REST_US
    starts, ends, is_open = _bridged(starts[long], ends[long], is_open[long])
    waking = ends > window.start_us
    if not waking.any():
        return None
    longest = int(np.argmax(np.where(waking, ends - starts, 0)))
    return None if is_open[longest] else (int(starts[longest]), int(ends[longest]))


def _rests(times: Instants, in_use: NDArray[np.bool_]) -> tuple[Instants, Instants, NDArray[np.bool_]]:
    """Stretches without use, with those before the first and after the last row marked as open."""
    before, after = np.iinfo(np.int64).min // 2, np.iinfo(np.int64).max // 2
    change = np.flatnonzero(np.diff(in_use, prepend=True))
    began, ended = times[change[::2]], times[change[1::2]]
    first = times[:1] if times.size else np.array([after])
    starts = np.concatenate(([before], began))
    ends = np.concatenate((first, ended, [after]))[: starts.size]
    is_open = ends == after
    is_open[0] = True
    return starts, ends, is_open


def _bridged(
    starts: Instants, ends: Instants, is_open: NDArray[np.bool_]
) -> tuple[Instants, Instants, NDArray[np.bool_]]:
    """Rests joined over short checks; an open rest joins nothing, its other rows are not known."""
    join = (starts[1:] - ends[:-1] <= CHECK_US) & ~is_open[1:] & ~is_open[:-1]
    head = np.concatenate((np.ones(min(starts.size, 1), np.bool_), ~join))
    tail = np.concatenate((~join, np.ones(min(starts.size, 1), np.bool_)))
    return starts[head], ends[tail], is_open[head]


SENSOR = Sensor(PHENOTYPES, measure)
