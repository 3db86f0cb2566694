"""What a phone senses of where it is: position, light, networks and devices near by."""

from hashlib import sha256

import numpy as np

from phenotyping.simulation.draws import Reals, lognormal, to_normal, uniform
from phenotyping.simulation.itinerary import MINUTE_US
from phenotyping.simulation.person import METRES_PER_DEGREE, PLACE_NAMES, Person
from phenotyping.simulation.scene import TRAVELLING, Flags, Instants, Samples, Scene, milliseconds, words

_GAP_MIN = 90
_N_STRANGERS = 40
_OUTDOORS = ("park",)
_COMPANY = ("work", "friend", "cafe")


def fake_hash(person: Person, kind: str, k: int) -> str:
    """A short hash that stands for the k-th contact, access point or device of a person."""
    return sha256(f"{person.seed}:{kind}:{k}".encode()).hexdigest()[:12]


def gps(scene: Scene) -> Samples:
    """A fix every ten minutes, where reception and permission allow."""
    ticks = scene.ticks(10)
    u = uniform(scene.person.seed, "gps", ticks.first, ticks.at.size, 8)
    accuracy = lognormal(u[:, 0], 14, 0.5)
    off = accuracy[:, None] / 1.5 * to_normal(u[:, 1:3]) / METRES_PER_DEGREE
    latitude = scene.position.latitude[ticks.at] + off[:, 0]
    narrow = np.cos(np.radians(latitude))
    speed = np.maximum(scene.position.speed[ticks.at] * (0.7 + 0.6 * u[:, 3]), 0.05 * u[:, 4])
    columns = {
        "time": ticks.start_us + milliseconds(20 * u[:, 5]),
        "latitude": latitude,
        "longitude": scene.position.longitude[ticks.at] + off[:, 1] / narrow,
        "accuracy": accuracy,
        "altitude": np.where(u[:, 6] < 0.3, np.nan, 20 + 30 * u[:, 1]),
        "speed": np.where(u[:, 6] > 0.85, np.nan, speed),
    }
    heard = _reception(scene, ticks.at) & location_permitted(scene)[ticks.at] & (u[:, 7] > 0.02)
    return {name: values[heard] for name, values in columns.items()}


def location_permitted(scene: Scene) -> Flags:
    """Whether the app may read the position, minute by minute."""
    lost = scene.person.permission_lost or (0, 0)
    index = scene.of_days("index")
    return np.asarray((index < lost[0]) | (index >= lost[1]), np.bool_)


def _reception(scene: Scene, at: Instants) -> Flags:
    """False in the blocks of 90 minutes that have no fixes."""
    block = scene.time_us // (_GAP_MIN * MINUTE_US)
    u = uniform(scene.person.seed, "reception", int(block[0]), int(block[-1] - block[0]) + 1)[:, 0]
    return np.asarray((u > scene.person.gps_gap_rate)[block - block[0]][at], np.bool_)


def light(scene: Scene) -> Samples:
    """Ambient light every ten minutes: dark in sleep and in a pocket, bright outdoors by day."""
    ticks = scene.ticks(10)
    u = uniform(scene.person.seed, "light", ticks.first, ticks.at.size, 3)
    place = scene.position.place[ticks.at]
    outside = (place == TRAVELLING) | np.isin(place, [PLACE_NAMES.index(name) for name in _OUTDOORS])
    sun = np.maximum(np.sin((scene.wall_h[ticks.at] - 7) / 13 * np.pi), 0)
    lit = np.where(outside, 15 + 9_000 * sun**1.5, 90 + 260 * sun)
    typical = np.where(scene.awake[ticks.at], np.where(u[:, 1] < 0.3, 2.0, lit), 0.3)
    lux = np.clip(typical * lognormal(u[:, 0], 1, 0.6), 0, 120_000)
    return {"time": ticks.start_us + milliseconds(20 * u[:, 2]), "lux": np.round(lux, 1)}


def wifi(scene: Scene) -> Samples:
    """The strongest access point every half-hour; a different one at each place, strangers' on the way."""
    ticks = scene.ticks(30)
    u = uniform(scene.person.seed, "wifi", ticks.first, ticks.at.size, 4)
    place = scene.position.place[ticks.at]
    points = [fake_hash(scene.person, "wifi", k) for k in range(len(PLACE_NAMES) + _N_STRANGERS)]
    index = np.where(place == TRAVELLING, len(PLACE_NAMES) + np.floor(_N_STRANGERS * u[:, 0]), place)
    known = np.isin(place, [PLACE_NAMES.index("home"), PLACE_NAMES.index("work")])
    heard = (u[:, 3] > 0.05) & ~np.isin(place, [PLACE_NAMES.index(name) for name in _OUTDOORS])
    return _strength(
        {
            "time": ticks.start_us + milliseconds(20 * u[:, 1]),
            "access_point": words(points, index),
            "rssi": np.rint(np.where(known, -55, -75) + 6 * to_normal(u[:, 2])),
            "connected": known.astype(np.float64),
        },
        heard,
    )


def bluetooth(scene: Scene) -> Samples:
    """One device every half-hour: the person's own, or another's where there is company."""
    ticks = scene.ticks(30)
    u = uniform(scene.person.seed, "bluetooth", ticks.first, ticks.at.size, 5)
    place = scene.position.place[ticks.at]
    company = (place == TRAVELLING) | np.isin(place, [PLACE_NAMES.index(name) for name in _COMPANY])
    devices = [fake_hash(scene.person, "bluetooth", k) for k in range(2 + _N_STRANGERS)]
    index = np.where(company & (u[:, 4] < 0.7), 2 + np.floor(_familiar(u[:, 0])), np.floor(2 * u[:, 0]))
    return _strength(
        {
            "time": ticks.start_us + milliseconds(20 * u[:, 1]),
            "address": words(devices, index),
            "rssi": np.rint(np.where(index < 2, -55, -80) + 6 * to_normal(u[:, 2])),
        },
        u[:, 3] > 0.1,
    )


def _familiar(u: Reals) -> Reals:
    """Positions among the strangers, the first ones met most often."""
    return _N_STRANGERS * u**3


def _strength(columns: Samples, heard: Flags) -> Samples:
    """The rows heard, with signal strengths that a radio can report."""
    columns["rssi"] = np.clip(columns["rssi"], -100, -25)
    return {name: values[heard] for name, values in columns.items()}
