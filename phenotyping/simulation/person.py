"""A synthetic person: where they live, how they are on average, how they respond, what phone they carry."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

METRES_PER_DEGREE = 111_320.0


class City(NamedTuple):
    """A time zone and a point in it around which people live."""

    zone: str
    latitude: float
    longitude: float


class Place(NamedTuple):
    """A named point that a person visits."""

    name: str
    latitude: float
    longitude: float


CITIES = (
    City("Europe/Helsinki", 60.19, 24.94),
    City("America/New_York", 40.73, -73.95),
    City("Europe/Berlin", 52.51, 13.40),
    City("Asia/Kolkata", 22.56, 88.36),
    City("Europe/London", 51.51, -0.12),
    City("America/Sao_Paulo", -23.55, -46.63),
)
# Nearest and farthest distance from home, in metres.
DISTANCES = {
    "home": (0.0, 0.0),
    "work": (1_500.0, 11_000.0),
    "shop": (400.0, 1_400.0),
    "park": (500.0, 1_400.0),
    "gym": (800.0, 3_000.0),
    "cafe": (500.0, 3_500.0),
    "friend": (1_500.0, 9_000.0),
}
PLACE_NAMES = tuple(DISTANCES)


@dataclass(frozen=True)
class Person:
    """One synthetic person; every number that their days and their phone are drawn from.

    `mood`, `energy` and `stress` are the person's own means on 0-10; `low_spell` and `permission_lost` are
    half-open ranges of days counted from the first day lived.
    """

    code: str
    seed: int
    zone: str
    places: tuple[Place, ...]  # in the order of PLACE_NAMES
    works: bool
    chronotype_h: float  # how much later than average this person's clock runs
    sleep_need_h: float
    mood: float
    energy: float
    stress: float
    persistence: float  # autocorrelation of mood from day to day
    sleep_on_mood: float  # points of mood an hour of sleep above need gives
    mood_on_steps: float  # log steps a point of mood above the mean gives
    activity: float  # steps on an average day
    sociability: float  # 0-1
    screen_rate: float  # sessions relative to the average person
    responsiveness: float  # log ratio of steps in the hour after a movement suggestion
    adherence: float  # probability of answering
    low_spell: tuple[int, int] | None
    platform: str  # "android" or "ios"
    wear_rate: float  # share of days the wearable is worn
    gps_gap_rate: float  # share of 90-minute blocks without fixes
    app_gap_rate: float  # share of 3-hour blocks in which the system had stopped the app
    silent_day_rate: float  # share of days on which the phone is off
    permission_lost: tuple[int, int] | None  # no location permission on these days
    battery_low: float  # level at bedtime, %

    @property
    def home(self) -> Place:
        """Where the person sleeps."""
        return self.places[PLACE_NAMES.index("home")]

    @property
    def work(self) -> Place:
        """Where the person works, if they do."""
        return self.places[PLACE_NAMES.index("work")]


def make_cohort(n: int, seed: int) -> list[Person]:
    """`n` people from a seed; person k is the same whatever `n`."""
    return [_make(k, CITIES[k % len(CITIES)], np.random.default_rng([seed, k])) for k in range(n)]


def _make(k: int, city: City, rng: np.random.Generator) -> Person:
    mood = float(np.clip(rng.normal(6.2, 0.9), 3.5, 8.5))
    return Person(
        code=f"P{k + 1:03d}",
        seed=int(rng.integers(2**63)),
        zone=city.zone,
        places=_places(city, rng),
        works=bool(rng.random() < 0.8),
        chronotype_h=float(np.clip(rng.normal(0, 0.6), -1.2, 1.5)),
        sleep_need_h=float(np.clip(rng.normal(7.5, 0.4), 6.5, 8.5)),
        mood=mood,
        energy=float(np.clip(0.6 * mood + rng.normal(2.2, 0.5), 2.5, 8.5)),
        stress=float(np.clip(8.5 - 0.7 * mood + rng.normal(0, 0.6), 1.5, 7.5)),
        persistence=float(rng.uniform(0.3, 0.7)),
        sleep_on_mood=float(rng.uniform(0.3, 0.8)),
        mood_on_steps=float(rng.uniform(0.06, 0.18)),
        activity=float(np.clip(rng.lognormal(math.log(7_000), 0.3), 2_500, 15_000)),
        sociability=float(rng.beta(3, 3)),
        screen_rate=float(np.clip(rng.lognormal(0, 0.2), 0.6, 1.6)),
        responsiveness=float(np.clip(rng.normal(0.35, 0.3), -0.3, 1.0)),
        adherence=float(rng.uniform(0.6, 0.95)),
        low_spell=_spell(rng, chance=0.3, first=(18, 40), days=(7, 13)),
        platform="ios" if rng.random() < 0.25 else "android",
        wear_rate=float(rng.uniform(0.8, 0.98)),
        gps_gap_rate=float(rng.uniform(0.02, 0.15)),
        app_gap_rate=float(rng.uniform(0.0, 0.04)),
        silent_day_rate=float(rng.uniform(0.0, 0.05)),
        permission_lost=_spell(rng, chance=0.2, first=(10, 45), days=(2, 6)),
        battery_low=float(rng.uniform(12, 50)),
    )


def _places(city: City, rng: np.random.Generator) -> tuple[Place, ...]:
    """Home within 4 km of the centre and the other places around it, in random directions."""
    home = _away("home", city.latitude, city.longitude, rng.uniform(300, 4_000), rng.uniform(0, 2 * math.pi))
    return tuple(
        _away(name, home.latitude, home.longitude, rng.uniform(near, far), rng.uniform(0, 2 * math.pi))
        for name, (near, far) in DISTANCES.items()
    )


def _away(name: str, latitude: float, longitude: float, distance_m: float, bearing: float) -> Place:
    north, east = distance_m * math.cos(bearing), distance_m * math.sin(bearing)
    return Place(
        name,
        latitude + north / METRES_PER_DEGREE,
        longitude + east / METRES_PER_DEGREE / math.cos(math.radians(latitude)),
    )


def _spell(
    rng: np.random.Generator, *, chance: float, first: tuple[int, int], days: tuple[int, int]
) -> tuple[int, int] | None:
    """A half-open range of days, or None; the same number of draws is used either way."""
    happens, start, length = rng.random() < chance, int(rng.integers(*first)), int(rng.integers(*days))
    return (start, start + length) if happens else None
