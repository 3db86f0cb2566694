"""Screen: unlocks and screen-on time.

An unlock episode runs from an unlock to the next off (S1). A lock ends it too, as on phones that only tell
lock and unlock; a lock within 50 ms of an on or off is its by-product and dropped. A screen-on episode runs
from on to the next off. A repeated unlock (on) without an off between belongs to the episode that runs from
the first. An episode counts in the window where it starts; its duration is split at window edges; without an
end, or longer than 360 minutes, an off was lost and the episode is dropped.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.coverage import MIN_YIELD, Instants, overlap
from phenotyping.features.phenotype import Phenotype
from phenotyping.features.sensor import Reading, SensedDay, Sensor, alive_reading
from phenotyping.features.window import US_PER_MIN, DayWindow

LONGEST_US = 360 * US_PER_MIN
BY_PRODUCT_US = 50_000
MORNING_H = 5

Flags = NDArray[np.bool_]

_screen = partial(
    Phenotype,
    domain="screen",
    source="S1; Vega et al. (2021), Front. Digit. Health 3:769823",
    streams=("screen",),
    scale="sqrt",
    min_yield=MIN_YIELD,
    low=0,
)

PHENOTYPES = (
    _screen(
        name="screen.unlock_count",
        label="Phone unlocks",
        unit="n",
        definition="Number of unlock episodes (unlock to next off, at most 360 min) that start in the day.",
        high=10_000,
    ),
    _screen(
        name="screen.unlock_total_duration",
        label="Time with the phone unlocked",
        unit="min",
        definition="Minutes of the day inside unlock episodes, which are split at midnight.",
        high=1_500,
    ),
    _screen(
        name="screen.unlock_mean_duration",
        label="Usual length of one phone use",
        unit="min",
        definition="Mean whole length of the unlock episodes that start in the day.",
        high=360,
    ),
    _screen(
        name="screen.screen_on_count",
        label="Times the screen lit up",
        unit="n",
        definition="Number of screen-on episodes (on to next off, at most 360 min) that start in the day.",
        high=10_000,
    ),
    _screen(
        name="screen.screen_on_total_duration",
        label="Screen time",
        unit="min",
        definition="Minutes of the day inside screen-on episodes, which are split at midnight.",
        high=1_500,
    ),
    _screen(
        name="screen.first_unlock",
        label="First phone use of the day",
        unit="min",
        definition="Wall-clock minutes after midnight of the first unlock episode from 05:00 on.",
        scale="identity",
        low=MORNING_H * 60,
        high=1_440,
    ),
)


class Episodes(NamedTuple):
    """Episodes in order of time, none overlapping; both arrays have shape (n,)."""

    starts: Instants
    ends: Instants

    def begun(self, window: DayWindow) -> "Episodes":
        """Those that start in the window."""
        low, high = np.searchsorted(self.starts, (window.start_us, window.end_us))
        return Episodes(self.starts[low:high], self.ends[low:high])

    def minutes(self, window: DayWindow) -> float:
        """Minutes of the window inside an episode."""
        return float(overlap(self.starts, self.ends, window.start_us, window.end_us).sum() / US_PER_MIN)


def paired(times: Instants, opens: Flags, closes: Flags) -> Episodes:
    """Episodes from the first open row of a run to the next close row, at most 360 minutes long."""
    known = np.flatnonzero(opens | closes)
    is_open, at = opens[known], times[known]
    change = np.flatnonzero(is_open[1:] != is_open[:-1]) + 1
    first = np.concatenate(([0], change))[: known.size]
    first = first[int(known.size > 0 and not is_open[0]) :]
    n_pairs = first.size // 2
    starts, ends = at[first[: 2 * n_pairs : 2]], at[first[1 : 2 * n_pairs : 2]]
    keep = ends - starts <= LONGEST_US
    return Episodes(starts[keep], ends[keep])


def locks(times: Instants, locked: Flags, switched: Flags) -> Flags:
    """Lock rows that are not a by-product: no on or off within 50 ms, before or after."""
    at, switches = times[locked], times[switched]
    first = np.searchsorted(switches, at - BY_PRODUCT_US)
    genuine = locked.copy()
    genuine[locked] = np.searchsorted(switches, at + BY_PRODUCT_US, "right") == first
    return genuine


def measure(day: SensedDay) -> Reading:
    """Screen values of the day; an alive phone without screen rows was not used."""
    window, times, state = day.window, day.times("screen"), day.words("screen", "state")
    on, off, unlocked = state == "on", state == "off", state == "unlocked"
    used = paired(times, unlocked, off | locks(times, state == "locked", on | off))
    lit = paired(times, on, off)
    tells_on = bool(on.any() or not unlocked.any())  # some phones tell lock and unlock only
    begun = used.begun(window)
    lengths = begun.ends - begun.starts
    return alive_reading(
        day,
        {
            "screen.unlock_count": float(lengths.size),
            "screen.unlock_total_duration": used.minutes(window),
            "screen.unlock_mean_duration": float(lengths.mean() / US_PER_MIN) if lengths.size else None,
            "screen.screen_on_count": float(lit.begun(window).starts.size) if tells_on else None,
            "screen.screen_on_total_duration": lit.minutes(window) if tells_on else None,
            "screen.first_unlock": _first_unlock(begun, window),
        },
    )


def _first_unlock(begun: Episodes, window: DayWindow) -> float | None:
    index = int(np.searchsorted(begun.starts, window.instant_us(MORNING_H)))
    return window.wall_min(int(begun.starts[index])) if index < begun.starts.size else None


SENSOR = Sensor(PHENOTYPES, measure)
