"""The truth minute by minute: what every sensor of a phone looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from phenotyping.simulation.draws import Reals, uniform
from phenotyping.simulation.itinerary import HOUR_US, MINUTE_US, distance_m
from phenotyping.simulation.life import DayTruth
from phenotyping.simulation.person import PLACE_NAMES, Person
from wellness.lib.clock import MICROSECONDS, from_us

Instants = NDArray[np.int64]
Flags = NDArray[np.bool_]
Samples = dict[str, NDArray[Any]]

TRAVELLING = -1
SLOT_MIN = 30  # local midnight falls on a multiple of it, so no slot belongs to two days
_GAP_MIN = 180


class Ticks(NamedTuple):
    """Consecutive slots of equal length: the first one's number and, for each, where it starts."""

    first: int
    at: Instants  # index of the slot's first minute in the scene
    start_us: Instants


class Position(NamedTuple):
    """Where a person is, minute by minute; `place` is an index of PLACE_NAMES or TRAVELLING."""

    place: Instants
    latitude: Reals
    longitude: Reals
    speed: Reals  # m/s


@dataclass(frozen=True)
class Scene:
    """The whole local days that a window [start_us, end_us) touches; every array has one value a minute."""

    person: Person
    days: tuple[DayTruth, ...]
    start_us: int
    end_us: int
    time_us: Instants
    day: Instants  # index of `days`
    wall_h: Reals  # local wall time, 0 <= hours < 24
    awake: Flags
    position: Position
    present: Flags  # whether the phone was on and the app running
    mood_above: Reals  # latent mood minus the person's mean

    def at(self, times_us: Instants) -> Instants:
        """The index of the minute that each instant lies in; the nearest one outside the scene."""
        index: Instants = np.clip((times_us - self.time_us[0]) // MINUTE_US, 0, self.time_us.size - 1)
        return index

    def ticks(self, every_min: int) -> Ticks:
        """The slots of `every_min` minutes, aligned to the epoch, that meet the window."""
        length = every_min * MINUTE_US
        first = max(self.start_us // length, -(-int(self.time_us[0]) // length))
        start_us = np.arange(first, -(-self.end_us // length), dtype=np.int64) * length
        return Ticks(first, (start_us - self.time_us[0]) // MINUTE_US, start_us)

    def of_days(self, name: str) -> NDArray[Any]:
        """One attribute of the truth, minute by minute."""
        return np.array([getattr(day, name) for day in self.days])[self.day]


def look(person: Person, days: Sequence[DayTruth], start_us: int, end_us: int) -> Scene:
    """The scene of a window; ValueError when `days` (consecutive) do not cover it."""
    lived = tuple(day for day in days if day.starts_us < end_us and day.ends_us > start_us)
    if not lived or lived[0].starts_us > start_us or lived[-1].ends_us < end_us:
        raise ValueError("the days given do not cover the window")
    time_us = np.arange(lived[0].starts_us, lived[-1].ends_us, MINUTE_US, dtype=np.int64)
    day = np.searchsorted([truth.starts_us for truth in lived], time_us, side="right") - 1
    onset, wake, bed, mood = (
        np.array([getattr(truth, name) for truth in lived])[day]
        for name in ("sleep_onset_us", "wake_us", "bed_us", "mood")
    )
    return Scene(
        person=person,
        days=lived,
        start_us=start_us,
        end_us=end_us,
        time_us=time_us,
        day=day,
        wall_h=_wall_h(person, lived, time_us),
        awake=(time_us < onset) | ((time_us >= wake) & (time_us < bed)),
        position=_positions(person, lived, time_us),
        present=_presence(person, lived, time_us, day),
        mood_above=mood - person.mood,
    )


def milliseconds(seconds: Reals) -> Instants:
    """Microseconds of a duration in seconds, in whole milliseconds, as the wire carries them."""
    return np.rint(seconds * 1_000).astype(np.int64) * 1_000


def words(names: Sequence[str | None], index: NDArray[Any]) -> NDArray[np.object_]:
    """The names at `index`, as an object array."""
    return np.array(names, object)[index.astype(np.int64)]


def _wall_h(person: Person, days: tuple[DayTruth, ...], time_us: Instants) -> Reals:
    """Local hours; the offset is looked up at each half-hour only on days whose clock changes."""
    zone = ZoneInfo(person.zone)

    def offset_s(us: int) -> float:
        return from_us(us).astimezone(zone).utcoffset().total_seconds()  # type: ignore[union-attr]  # aware

    offsets = []
    for day in days:
        n_minutes = (day.ends_us - day.starts_us) // MINUTE_US
        if offset_s(day.starts_us) == offset_s(day.ends_us):
            offsets.append(np.full(n_minutes, offset_s(day.starts_us)))
        else:
            halves = [offset_s(us) for us in range(day.starts_us, day.ends_us, HOUR_US // 2)]
            offsets.append(np.repeat(halves, 30)[:n_minutes])
    hours: Reals = (time_us / MICROSECONDS + np.concatenate(offsets)) % 86_400 / 3_600
    return hours


def _positions(person: Person, days: tuple[DayTruth, ...], time_us: Instants) -> Position:
    visits = [visit for day in days for visit in day.visits]
    kinds = np.array([PLACE_NAMES.index(visit.place) for visit in visits])
    starts, ends = (np.array([getattr(visit, name) for visit in visits]) for name in ("start_us", "end_us"))
    current = np.searchsorted(starts, time_us, side="right") - 1
    place = np.where(time_us < ends[current], kinds[current], TRAVELLING)
    corners = np.stack([starts, ends], axis=1).ravel()
    latitude, longitude = (
        np.interp(time_us, corners, np.repeat([getattr(person.places[k], name) for k in kinds], 2))
        for name in ("latitude", "longitude")
    )
    legs = [distance_m(person.places[a], person.places[b]) for a, b in pairwise(kinds)]
    seconds = np.maximum((starts[1:] - ends[:-1]) / MICROSECONDS, 1)
    pace = np.append(np.array(legs) / seconds, 0.0)
    return Position(place, latitude, longitude, np.where(place == TRAVELLING, pace[current], 0.0))


def _presence(person: Person, days: tuple[DayTruth, ...], time_us: Instants, day: Instants) -> Flags:
    """False on days the phone was off and in blocks in which the system had stopped the app."""
    ordinals = [truth.on.toordinal() for truth in days]
    silent = uniform(person.seed, "silent", ordinals[0], len(days))[:, 0] < person.silent_day_rate
    block = time_us // (_GAP_MIN * MINUTE_US)
    n_blocks = int(block[-1] - block[0]) + 1
    stopped = uniform(person.seed, "stopped", int(block[0]), n_blocks)[:, 0] < person.app_gap_rate
    present: Flags = ~silent[day] & ~stopped[block - block[0]]
    return present
