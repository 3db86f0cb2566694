"""The rows a person's phone would have recorded in a window of time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phenotyping.simulation import body, contacts, handset, movement, surroundings
from phenotyping.simulation.draws import Reals
from phenotyping.simulation.itinerary import HOUR_US
from phenotyping.simulation.life import DayTruth
from phenotyping.simulation.person import Person
from phenotyping.simulation.scene import Instants, Samples, Scene, look
from phenotyping.streams.catalogue import STREAM_NAMES
from phenotyping.streams.samples import TIME, between

UNSENSED = {"ios": frozenset({"app_usage", "messages", "light"})}
MOVEMENT = "movement"


@dataclass(frozen=True)
class Nudge:
    """A suggestion that reached the person; `kind` is its domain ("movement", "sleep", ...)."""

    at_us: int
    kind: str


def record(
    person: Person, days: Sequence[DayTruth], start_us: int, end_us: int, nudges: Sequence[Nudge]
) -> dict[str, Samples]:
    """The rows of every stream of the catalogue that the phone sensed in [start_us, end_us).

    Parameters
    ----------
    person : Person
        Whose phone it is.
    days : sequence of DayTruth
        Consecutive days that cover the window; days outside it are not looked at.
    start_us, end_us : int
        The window, microseconds UTC. Cut at any instant, windows concatenate to the rows of one call.
    nudges : sequence of Nudge
        Suggestions delivered so far, those of the hour before `start_us` included. One for movement
        multiplies the expected steps of the minutes that begin in the hour after it by
        exp(person.responsiveness), overlapping ones as one; it changes nothing earlier.

    Returns
    -------
    streams : dict of dict of arrays
        By stream, columns as in `phenotyping.streams.samples`; a stream without rows has empty columns.
    """
    if end_us <= start_us:
        raise ValueError("a window ends after it starts")
    scene = look(person, days, start_us, end_us)
    walked = movement.walk(scene, _lift(person, nudges, scene.time_us))
    sensed = _sense(scene, walked)
    unsensed = UNSENSED.get(person.platform, frozenset())
    return {name: _kept(scene, sensed[name], sent=name not in unsensed) for name in STREAM_NAMES}


def _lift(person: Person, nudges: Sequence[Nudge], time_us: Instants) -> Reals:
    """Factor on the expected steps of each minute."""
    moved = np.zeros(time_us.size, np.bool_)
    for nudge in nudges:
        if nudge.kind == MOVEMENT:
            low, high = np.searchsorted(time_us, (nudge.at_us, nudge.at_us + HOUR_US))
            moved[low:high] = True
    return np.where(moved, np.exp(person.responsiveness), 1.0)


def _sense(scene: Scene, walked: Instants) -> dict[str, Samples]:
    sessions = handset.use(scene)
    return {
        "accelerometer": movement.accelerometer(scene, walked),
        "gps": surroundings.gps(scene),
        "screen": handset.screen(scene, sessions),
        "battery": handset.battery(scene),
        "steps": movement.steps(scene, walked),
        "calls": contacts.calls(scene),
        "messages": contacts.messages(scene),
        "activity": movement.activity(scene, walked),
        "heart_rate": body.heart_rate(scene, walked),
        "sleep_episode": body.sleep_episode(scene),
        "app_usage": handset.app_usage(scene, sessions),
        "light": surroundings.light(scene),
        "wifi": surroundings.wifi(scene),
        "bluetooth": surroundings.bluetooth(scene),
        "device_health": handset.device_health(scene),
    }


def _kept(scene: Scene, columns: Samples, *, sent: bool) -> Samples:
    """The rows in the window at which the phone was on and the app running; none when not sent."""
    inside = between(columns, scene.start_us, scene.end_us if sent else scene.start_us)
    present = scene.present[scene.at(inside[TIME])]
    return {name: values[present] for name, values in inside.items()}
