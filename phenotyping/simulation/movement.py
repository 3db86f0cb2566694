"""What a phone senses of movement: steps, recognised activity, acceleration."""

import numpy as np

from phenotyping.simulation.draws import Reals, lognormal, uniform
from phenotyping.simulation.itinerary import MINUTE_US
from phenotyping.simulation.person import PLACE_NAMES
from phenotyping.simulation.scene import TRAVELLING, Instants, Samples, Scene, milliseconds, words

CADENCE = 62.0  # steps in the average minute with steps
_MOST_STEPS = 220
_BOUT_MIN = 10
_BOUT_SIGMA = 0.9
_ON_FOOT = 2.0  # m/s; faster journeys are by vehicle
# How much a person moves at each place, relative to each other; vehicles and walks are journeys.
_PACE = {"home": 0.8, "work": 0.9, "shop": 3.0, "park": 6.0, "gym": 4.0, "cafe": 0.7, "friend": 0.7}
_PACE_VEHICLE, _PACE_WALK = 1.5, 6.0
_BURST_S, _BURST_HZ, _GRAVITY = 6, 10, 9.81
_ACTIVITIES = ("still", "walking", "running", "vehicle", "unknown", "tilting")


def walk(scene: Scene, lift: Reals) -> Instants:
    """Steps in each minute of the scene.

    Parameters
    ----------
    scene : Scene
        The days; each day's expected steps are spread over its waking minutes by place and journey.
    lift : float array of shape (n_minutes,)
        Factor on the expected steps of each minute, 1 where no suggestion acts.

    Returns
    -------
    steps : int array of shape (n_minutes,)
        Bouts come from a log-normal factor of mean one a ten-minute block, so means stay as expected.
    """
    pace = _pace(scene)
    total = np.maximum(np.bincount(scene.day, pace, len(scene.days)), 1e-9)
    mean = scene.of_days("steps_expected") * pace / total[scene.day] * _bouts(scene) * lift
    first = int(scene.time_us[0] // MINUTE_US)
    u = uniform(scene.person.seed, "steps", first, mean.size, 2)
    chance = np.minimum(mean / CADENCE, 0.95)
    spread = lognormal(u[:, 1], np.exp(-(0.35**2) / 2), 0.35)
    steps = np.clip(np.rint(mean / np.maximum(chance, 1e-12) * spread), 1, _MOST_STEPS)
    return np.where(u[:, 0] < chance, steps, 0).astype(np.int64)


def _pace(scene: Scene) -> Reals:
    place, speed = scene.position.place, scene.position.speed
    at_place = np.array([_PACE[name] for name in PLACE_NAMES])[place]
    on_way = np.where(speed < _ON_FOOT, _PACE_WALK, _PACE_VEHICLE)
    late = np.where((scene.wall_h >= 21.5) | (scene.wall_h < 5), 0.4, 1.0)
    pace: Reals = np.where(place == TRAVELLING, on_way, at_place) * late * scene.awake
    return pace


def _bouts(scene: Scene) -> Reals:
    block = scene.time_us // (_BOUT_MIN * MINUTE_US)
    u = uniform(scene.person.seed, "bout", int(block[0]), int(block[-1] - block[0]) + 1)[:, 0]
    factor: Reals = lognormal(u, np.exp(-(_BOUT_SIGMA**2) / 2), _BOUT_SIGMA)[block - block[0]]
    return factor


def steps(scene: Scene, walked: Instants) -> Samples:
    """One row for each minute with steps."""
    found = np.flatnonzero(walked)
    return {
        "time": scene.time_us[found],
        "steps": walked[found],
        "duration_s": np.full(found.size, 60.0),
    }


def activity(scene: Scene, walked: Instants) -> Samples:
    """What the phone takes the person to be doing, every five minutes."""
    ticks = scene.ticks(5)
    u = uniform(scene.person.seed, "activity", ticks.first, ticks.at.size, 3)
    speed, pace = scene.position.speed[ticks.at], walked[ticks.at]
    kind = np.select(
        [u[:, 1] < 0.02, u[:, 1] < 0.03, speed >= _ON_FOOT, pace > 140, (pace > 40) | (speed > 0)],
        [4, 5, 3, 2, 1],
        0,
    )
    return {
        "time": ticks.start_us + milliseconds(20 * u[:, 0]),
        "activity": words(_ACTIVITIES, kind),
        "confidence": np.rint(np.where(kind > 3, 40, 70) + 30 * u[:, 2]),
    }


def accelerometer(scene: Scene, walked: Instants) -> Samples:
    """A burst of six seconds at 10 Hz each hour: gravity in some direction, shaken when the person walks."""
    ticks, n_points = scene.ticks(60), _BURST_S * _BURST_HZ
    turn = uniform(scene.person.seed, "posture", ticks.first, ticks.at.size, 4)
    u = uniform(scene.person.seed, "shake", ticks.first, ticks.at.size, 3 * n_points).reshape(-1, 3, n_points)
    walking = (walked[ticks.at] > 0)[:, None]
    seconds = np.arange(n_points) / _BURST_HZ
    stride = 2.2 * walking * np.sin(2 * np.pi * (1.9 * seconds + turn[:, 2:3]))
    noise = (u - 0.5) * np.where(walking, 1.2, 0.06)[:, :, None]
    axes = _direction(turn)[:, :, None] * (_GRAVITY + stride)[:, None, :] + noise
    start_us = ticks.start_us + milliseconds(30 * turn[:, 3])
    times = start_us[:, None] + milliseconds(seconds)
    return {"time": times.ravel(), **{name: axes[:, k].ravel() for k, name in enumerate("xyz")}}


def _direction(turn: Reals) -> Reals:
    """Unit vectors, uniform over the sphere, of shape (n, 3)."""
    up, around = 2 * turn[:, 0] - 1, 2 * np.pi * turn[:, 1]
    flat = np.sqrt(1 - up**2)
    return np.stack([flat * np.cos(around), flat * np.sin(around), up], axis=1)
