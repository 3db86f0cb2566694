"""What a phone knows of contact with others: calls and messages."""

import numpy as np

from phenotyping.simulation.draws import Reals, lognormal, uniform
from phenotyping.simulation.person import Person
from phenotyping.simulation.scene import SLOT_MIN, Samples, Scene, milliseconds, words
from phenotyping.simulation.surroundings import fake_hash

_N_CONTACTS = 14
_PER_SLOT = 2  # messages that may fall in one slot
_CALLS, _MESSAGES = 4.0, 15.0  # of the average person on an average day
_AWAKE_SLOTS, _CALLING_SLOTS = 32, 26


def calls(scene: Scene) -> Samples:
    """Calls between 8 and 21 o'clock, more of them with sociability and good mood."""
    ticks = scene.ticks(SLOT_MIN)
    u = uniform(scene.person.seed, "calls", ticks.first, ticks.at.size, 5)
    times = ticks.start_us + milliseconds(u[:, 0] * SLOT_MIN * 60)
    at = scene.at(times)
    by_day = (scene.wall_h[at] >= 8) & (scene.wall_h[at] < 21) & scene.awake[at]
    held = by_day & (u[:, 1] < np.minimum(_CALLS / _CALLING_SLOTS * _openness(scene)[at], 0.95))
    kind = np.searchsorted((0.4, 0.8), u[:, 2])
    duration_s = np.where(kind == 2, 0.0, np.minimum(lognormal(u[:, 3], 140, 1.0), 7_200))
    return {
        "time": times[held],
        "direction": words(("incoming", "outgoing", "missed"), kind[held]),
        "duration_s": np.rint(duration_s[held]),
        "contact": _contact(scene.person, u[held, 4]),
    }


def messages(scene: Scene) -> Samples:
    """Messages while awake, more of them with sociability and good mood."""
    ticks = scene.ticks(SLOT_MIN)
    u = uniform(scene.person.seed, "messages", ticks.first, ticks.at.size, 5 * _PER_SLOT)
    u = u.reshape(-1, _PER_SLOT, 5)
    start_s = (np.arange(_PER_SLOT) + u[..., 0]) * SLOT_MIN * 60 / _PER_SLOT
    times = ticks.start_us[:, None] + milliseconds(start_s)
    at = scene.at(times)
    chance = _MESSAGES / _AWAKE_SLOTS / _PER_SLOT * _openness(scene)
    sent = scene.awake[at] & (u[..., 1] < np.minimum(chance, 0.95)[at])
    return {
        "time": times[sent],
        "direction": words(("incoming", "outgoing"), u[..., 2][sent] < 0.5),
        "length": 1 + np.floor(np.minimum(lognormal(u[..., 3][sent], 45, 0.9), 2_000)).astype(np.int64),
        "contact": _contact(scene.person, u[..., 4][sent]),
    }


def _openness(scene: Scene) -> Reals:
    """Factor on contact, minute by minute: 1 for the average person in their average mood."""
    return np.exp(1.2 * (scene.person.sociability - 0.5) + 0.15 * scene.mood_above)


def _contact(person: Person, u: Reals) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Hashes of contacts, the first few met most often; None, a withheld number, now and then."""
    names = [fake_hash(person, "contact", k) for k in range(_N_CONTACTS)]
    index = np.where(u > 0.97, _N_CONTACTS, np.floor(_N_CONTACTS * (u / 0.97) ** 2.5))
    return words([*names, None], index)
