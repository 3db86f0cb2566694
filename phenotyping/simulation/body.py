"""What a wearable senses of the body: heart rate and sleep."""

import numpy as np

from phenotyping.simulation.draws import Reals, to_normal, uniform
from phenotyping.simulation.life import DayTruth
from phenotyping.simulation.person import Person
from phenotyping.simulation.scene import Flags, Instants, Samples, Scene, milliseconds

_MOST_WAKINGS = 3


def heart_rate(scene: Scene, walked: Instants) -> Samples:
    """Beats a minute every five minutes: low in sleep, higher with stress and steps; none when not worn."""
    person, ticks = scene.person, scene.ticks(5)
    u = uniform(person.seed, "heart", ticks.first, ticks.at.size, 3)
    resting = 58 + 14 * uniform(person.seed, "resting", 0, 1)[0, 0]
    stress = scene.of_days("stress")[ticks.at] - person.stress
    effort = np.minimum(walked[ticks.at], 160) * 0.3
    bpm = resting + np.where(scene.awake[ticks.at], 12 + 1.5 * stress + effort, -4) + 4 * to_normal(u[:, 0])
    worn = _worn(scene)[scene.day[ticks.at]] & (u[:, 2] > 0.03)
    return {
        "time": (ticks.start_us + milliseconds(15 * u[:, 1]))[worn],
        "bpm": np.clip(np.rint(bpm), 38, 190)[worn],
    }


def _worn(scene: Scene) -> Flags:
    """Whether the wearable is worn, day by day."""
    return np.array([_wears(scene.person, day.on.toordinal()) for day in scene.days])


def _wears(person: Person, ordinal: int) -> bool:
    return bool(uniform(person.seed, "worn", ordinal, 1)[0, 0] < person.wear_rate)


def sleep_episode(scene: Scene) -> Samples:
    """One to four episodes a night, parted by short wakings that stress makes likelier."""
    starts, lengths = [np.empty(0, np.int64)], [np.empty(0)]
    for day in scene.days:
        for onset_us, wake_us, ordinal in _nights(day):
            if _wears(scene.person, ordinal):
                start_us, duration_s = _episodes(scene.person, onset_us, wake_us, ordinal)
                own = (start_us >= day.starts_us) & (start_us < day.ends_us)
                starts.append(start_us[own])
                lengths.append(duration_s[own])
    times = np.concatenate(starts)
    stage = np.full(times.size, "asleep", object)
    return {"time": times, "duration_s": np.concatenate(lengths), "stage": stage}


def _nights(day: DayTruth) -> tuple[tuple[int, int, int], ...]:
    """The two nights that may begin episodes on a day, each with the ordinal of the date it ends on."""
    ordinal = day.on.toordinal()
    return (day.sleep_onset_us, day.wake_us, ordinal), (day.bed_us, day.next_wake_us, ordinal + 1)


def _episodes(person: Person, onset_us: int, wake_us: int, ordinal: int) -> tuple[Instants, Reals]:
    """Starts and durations of the episodes of one night, which depend on nothing but the night."""
    u = uniform(person.seed, "waking", ordinal, 1, 1 + 2 * _MOST_WAKINGS)[0]
    n_wakings = int(np.searchsorted((0.35, 0.7, 0.9), u[0]))
    share = (np.arange(n_wakings) + 0.3 + 0.7 * u[1 : 1 + n_wakings]) / (n_wakings + 1)
    falls_us = onset_us + milliseconds(share * (wake_us - onset_us) / 1e6)
    back_us = falls_us + milliseconds(180 + 420 * u[4 : 4 + n_wakings])
    starts = np.concatenate([[onset_us], back_us])
    ends = np.concatenate([falls_us, [wake_us]])
    return starts, (ends - starts) / 1e6
