"""What a phone knows of itself and its use: screen, apps, battery, its own health."""

from typing import NamedTuple

import numpy as np

from phenotyping.simulation.draws import Reals, lognormal, uniform
from phenotyping.simulation.itinerary import HOUR_US, MINUTE_US
from phenotyping.simulation.scene import SLOT_MIN, Flags, Instants, Samples, Scene, milliseconds, words
from phenotyping.simulation.surroundings import location_permitted

_CANDIDATES = 4  # sessions that may begin in a slot
_STEP_S = SLOT_MIN * 60 / _CANDIDATES
_LEAST_S, _MARGIN_S = 10.0, 6.0
_CHARGE_PER_H = 45.0
_RESTARTS_US = 7 * 24 * HOUR_US  # the system restarts the phone once a week
_ROWS_PER_H = 100  # settled in an hour, about as many as a phone senses
_GRANTED = (
    "battery_exempt",
    "background_permitted",
    "notifications_permitted",
    "activity_permitted",
    "calls_permitted",
    "messages_permitted",
    "usage_permitted",
    "bluetooth_permitted",
    "health_permitted",
)
_APPS = (
    ("org.example.chat", "communication"),
    ("org.example.social", "social"),
    ("org.example.video", "video"),
    ("org.example.browser", "browser"),
    ("org.example.news", "news"),
    ("org.example.music", "music"),
    ("org.example.maps", "travel"),
    ("org.example.game", "game"),
)


class Sessions(NamedTuple):
    """Times of using the phone, in order and apart: screen on, unlocked, off, locked again."""

    on_us: Instants
    unlocked_us: Instants
    off_us: Instants
    locked_us: Instants
    glance: Flags  # looked at without unlocking
    u: Reals  # two numbers for what is done in the session


def use(scene: Scene) -> Sessions:
    """The sessions that begin in the slots of the window, each within its slot and none across sleep."""
    ticks = scene.ticks(SLOT_MIN)
    u = uniform(scene.person.seed, "screen", ticks.first, ticks.at.size, 8 * _CANDIDATES)
    u = u.reshape(-1, _CANDIDATES, 8)
    start_s = (np.arange(_CANDIDATES) + u[..., 0]) * _STEP_S
    on_us = ticks.start_us[:, None] + milliseconds(start_s)
    at = scene.at(on_us)
    begins = u[..., 1] < _chance(scene)[at]
    glance = (u[..., 2] < 0.25) | ~scene.awake[at]
    heavier = np.exp(-0.06 * scene.mood_above[at])
    wish_s = np.where(glance, 5 + 10 * u[..., 3], lognormal(u[..., 3], 150, 1.1) * heavier)
    room_s = _room_s(scene, start_s, on_us, begins)
    begins &= room_s >= _LEAST_S
    off_us = on_us + milliseconds(np.clip(wish_s, 5.0, np.maximum(room_s, _LEAST_S)))
    unlocked_us = on_us + milliseconds(1 + 2 * u[..., 4])
    locked_us = off_us + milliseconds(0.2 + 3 * u[..., 5])
    return Sessions(
        on_us[begins], unlocked_us[begins], off_us[begins], locked_us[begins], glance[begins], u[begins, 6:]
    )


def _chance(scene: Scene) -> Reals:
    """Probability that a candidate session begins: more in low mood, in the evening and next to sleep."""
    onset, wake, bed = (scene.of_days(name) for name in ("sleep_onset_us", "wake_us", "bed_us"))
    time_us, near = scene.time_us, 15 * MINUTE_US
    before_sleep = np.where(time_us < onset, onset, bed) - time_us
    edge = (before_sleep <= near) | ((time_us >= wake) & (time_us - wake < near))
    evening = np.where((scene.wall_h >= 18) | (scene.wall_h < 3), 1.3, 1.0)
    level = 0.25 * scene.person.screen_rate * np.exp(-0.14 * scene.mood_above) * evening
    return np.where(scene.awake, np.where(edge, 0.9, np.minimum(level, 0.9)), 0.004)


def _room_s(scene: Scene, start_s: Reals, on_us: Instants, begins: Flags) -> Reals:
    """Seconds until the next session, the end of the slot or sleep, whichever comes first, less a margin."""
    begun = np.where(begins, start_s, SLOT_MIN * 60.0)
    limit = np.full((begun.shape[0], 1), SLOT_MIN * 60.0)
    following = np.minimum.accumulate(np.hstack([begun, limit])[:, :0:-1], axis=1)[:, ::-1]
    at = scene.at(on_us)
    onset, wake, bed = (scene.of_days(name)[at] for name in ("sleep_onset_us", "wake_us", "bed_us"))
    turns_us = np.select([on_us < onset, on_us < wake, on_us < bed], [onset, wake, bed], on_us + HOUR_US)
    return np.minimum(following - start_s, (turns_us - on_us) / 1e6) - _MARGIN_S


def screen(scene: Scene, sessions: Sessions) -> Samples:
    """Screen events: on, unlocked, off, locked; a glance has only on and off."""
    times = np.stack([sessions.on_us, sessions.unlocked_us, sessions.off_us, sessions.locked_us], axis=1)
    happens = np.ones(times.shape, np.bool_)
    happens[:, 1] = happens[:, 3] = ~sessions.glance
    state = np.tile(np.array(["on", "unlocked", "off", "locked"], object), (len(times), 1))
    return {"time": times[happens], "state": state[happens]}


def app_usage(scene: Scene, sessions: Sessions) -> Samples:
    """One or two apps in each unlocked session, each person with favourites of their own."""
    taste = np.argsort(uniform(scene.person.seed, "taste", 0, 1, len(_APPS))[0])
    length_s = (sessions.off_us - sessions.unlocked_us) / 1e6
    two = (sessions.u[:, 0] < 0.5) & (length_s > 60)
    first_s = np.where(two, length_s * (0.3 + 0.4 * sessions.u[:, 1]), length_s)
    starts = np.stack([sessions.unlocked_us, sessions.unlocked_us + milliseconds(first_s)], axis=1)
    lengths = np.stack([first_s, length_s - first_s], axis=1)
    rank = np.floor(len(_APPS) * np.stack([sessions.u[:, 1], sessions.u[:, 0]], axis=1) ** 2)
    used = np.stack([~sessions.glance & (length_s > 1), two & ~sessions.glance], axis=1)
    index = taste[rank.astype(np.int64)][used]
    return {
        "time": starts[used],
        "app": words([app for app, _ in _APPS], index),
        "duration_s": np.round(lengths[used], 3),
        "category": words([category for _, category in _APPS], index),
    }


def _level(scene: Scene) -> Reals:
    """Battery level, minute by minute: down from waking to bedtime, charged in the night."""
    onset, wake, bed = (scene.of_days(name) for name in ("sleep_onset_us", "wake_us", "bed_us"))
    low, time_us = scene.person.battery_low, scene.time_us
    used = np.clip((time_us - wake) / (bed - wake), 0, 1)
    plugged_us = time_us - np.where(time_us < wake, onset, bed)
    charged = np.minimum(low + _CHARGE_PER_H * plugged_us / HOUR_US, 100)
    return np.where(scene.awake, np.where(time_us < onset, low, 100 - (100 - low) * used), charged)


def battery(scene: Scene) -> Samples:
    """Level and charging state every quarter of an hour."""
    ticks = scene.ticks(15)
    u = uniform(scene.person.seed, "battery", ticks.first, ticks.at.size)[:, 0]
    level = np.rint(_level(scene)[ticks.at])
    status = np.where(scene.awake[ticks.at], 0, np.where(level < 100, 1, 2))
    return {
        "time": ticks.start_us + milliseconds(20 * u),
        "level": level,
        "status": words(("discharging", "charging", "full"), status),
    }


def device_health(scene: Scene) -> Samples:
    """How the app is, each hour: what waits to be sent, and its permissions."""
    ticks = scene.ticks(60)
    u = uniform(scene.person.seed, "health", ticks.first, ticks.at.size, 2)
    level, n = np.rint(_level(scene)[ticks.at]), ticks.at.size
    started_us = uniform(scene.person.seed, "started", 0, 1)[0, 0] * _RESTARTS_US  # in each week
    sensed = np.floor(lognormal(u[:, 1], 60, 0.8))
    n_unsent = np.minimum(sensed, _ROWS_PER_H).astype(np.int64)  # all of it goes within the hour
    os_version = {"ios": "iOS 18.5"}.get(scene.person.platform, "Android 15")
    return {
        "time": ticks.start_us + milliseconds(20 * u[:, 0]),
        "n_unsent": n_unsent,
        "n_cached": n_unsent,
        "n_sent": _ROWS_PER_H * (ticks.start_us // HOUR_US),
        "battery_level": level,
        "uptime_s": np.floor((ticks.start_us - started_us) % _RESTARTS_US / 1e6),
        "started_by": np.full(n, None, object),
        "low_power": (level < 20).astype(np.float64),
        "location_permitted": location_permitted(scene)[ticks.at].astype(np.float64),
        **{name: np.ones(n) for name in _GRANTED},
        "app_version": np.full(n, "1.0.0", object),
        "os_version": np.full(n, os_version, object),
    }
