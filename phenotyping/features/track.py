"""A day's track: usable fixes, how long each holds and which of them are moving.

Movement is judged over legs, from the first fix in five minutes to the first in a later five: over shorter
steps the error of a fix alone looks like walking. Fixes that come more seldom make a leg each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.coverage import FIX_US, Instants, held_until, overlap
from phenotyping.features.geo import Reals, haversine_m
from phenotyping.features.sensor import SensedDay
from phenotyping.features.window import US_PER_MIN, DayWindow

WORST_ACCURACY_M = 100
SLOWEST_M_S, FASTEST_M_S = 1 / 3.6, 250 / 3.6  # 1 km/h: Saeb et al. (2015); 250 km/h: a jump, not a trip (L1)
LEG_US = 5 * US_PER_MIN


@dataclass(frozen=True)
class Track:
    """Fixes that hold in the window, each with its time there; all arrays have shape (n,).

    `moving`: whether the fix belongs to a moving leg. `moved_m`: length of moving legs inside the window, nan
    when no leg reaches into it.
    """

    times: Instants
    lat: Reals
    lon: Reals
    held_us: Instants
    moving: NDArray[np.bool_]
    moved_m: float

    @property
    def minutes(self) -> Reals:
        """Minutes of the window that each fix holds."""
        return self.held_us / US_PER_MIN


def track(day: SensedDay) -> Track:
    """The track of the day from fixes more accurate than 100 m; an unknown accuracy counts as good."""
    window = day.window
    lat, lon, accuracy = (day.numbers("gps", name) for name in ("latitude", "longitude", "accuracy"))
    usable = np.isfinite(lat) & np.isfinite(lon) & ~(accuracy >= WORST_ACCURACY_M)
    times, lat, lon = day.times("gps")[usable], lat[usable], lon[usable]
    held = overlap(times, held_until(times, FIX_US), window.start_us, window.end_us)
    moving, moved_m = _legs(times, lat, lon, window)
    kept = held > 0
    return Track(times[kept], lat[kept], lon[kept], held[kept], moving[kept], moved_m)


def _legs(times: Instants, lat: Reals, lon: Reals, window: DayWindow) -> tuple[NDArray[np.bool_], float]:
    """Which fixes move, and the metres moved in the window; legs are at most 30 minutes long."""
    knot = np.ones(times.size, np.bool_)
    knot[1:-1] = (np.diff(times // LEG_US) > 0)[:-1] | (np.diff(times) > FIX_US)[1:]
    at, lat, lon = times[knot], lat[knot], lon[knot]
    length = np.diff(at)
    linked = (length > 0) & (length <= FIX_US)
    distance = haversine_m(lat[:-1], lon[:-1], lat[1:], lon[1:])
    seconds = length / 1e6
    least_m = SLOWEST_M_S * np.maximum(seconds, LEG_US / 1e6)
    moving = linked & (distance >= least_m) & (distance <= FASTEST_M_S * seconds)
    inside = overlap(at[:-1], at[1:], window.start_us, window.end_us)
    moved = (distance * inside)[moving] / length[moving]
    in_leg = np.append(moving, False)[np.cumsum(knot) - 1]
    return in_leg, float(moved.sum()) if inside[linked].any() else np.nan
