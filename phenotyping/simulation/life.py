"""The truth of a person's days: latent mood, energy and stress, sleep, places and steps."""

import math
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import NamedTuple

import numpy as np

from phenotyping.simulation.draws import Reals, normal, uniform
from phenotyping.simulation.itinerary import HOUR_US, N_DRAWS, SATURDAY, Visit, Waking, visit_places, wall_us
from phenotyping.simulation.person import Person
from wellness.lib.clock import at_local, to_us

_WEEKDAY_MOOD = (-0.35, -0.15, -0.05, 0.0, 0.25, 0.45, 0.1)
_WEEKDAY_LOG_STEPS = (0.0, 0.05, 0.05, 0.0, 0.1, 0.05, -0.25)
_LOW_SPELL_MOOD, _LOW_SPELL_STRESS = -2.0, 1.2
_N_DAY_DRAWS = 8


@dataclass(frozen=True)
class DayTruth:
    """What is true of one local day, whether or not a phone senses it.

    `mood`, `energy` and `stress` are latent values on 0-10. The night that ends on this day is
    [sleep_onset_us, wake_us), the one that follows it [bed_us, next_wake_us), all microseconds UTC;
    `steps_expected` is without suggestions. `visits` covers the day, journeys are its gaps.
    """

    on: date
    index: int  # days since the first day lived
    starts_us: int
    ends_us: int
    mood: float
    energy: float
    stress: float
    sleep_onset_us: int
    wake_us: int
    bed_us: int
    next_wake_us: int
    steps_expected: float
    visits: tuple[Visit, ...]

    @property
    def sleep_h(self) -> float:
        """Hours of the night that ends on this day."""
        return (self.wake_us - self.sleep_onset_us) / HOUR_US


class _Night(NamedTuple):
    onset_us: int
    wake_us: int


class _Date(NamedTuple):
    on: date
    nth: int
    noise: Reals
    ways: Reals


class _Mind(NamedTuple):
    mood: float
    energy: float
    stress: float
    carried: float  # the part of mood that persists from day to day


def live(person: Person, first_on: date, n_days: int) -> list[DayTruth]:
    """The truth of `n_days` days from `first_on`; the first k do not depend on `n_days`.

    Mood is first-order autoregressive around the person's mean, shifted by the weekday, by sleep against need
    and by a low spell; short sleep lowers energy and steps too, and stress shortens the next night.
    """
    first = first_on.toordinal()
    noise = normal(person.seed, "day", first, n_days + 1, _N_DAY_DRAWS)
    ways = uniform(person.seed, "way", first, n_days, N_DRAWS)
    spread = 1 / math.sqrt(1 - person.persistence**2)
    mind = _Mind(person.mood, person.energy, person.stress, 0.7 * spread * noise[0, 7])
    night, days = _night(person, first_on, 0.0, noise[0]), []
    for index in range(n_days):
        today = _Date(first_on + timedelta(days=index), index, noise[index], ways[index])
        mind = _feel(person, today, mind, night)
        stress_above = mind.stress - person.stress
        following = _night(person, today.on + timedelta(days=1), stress_above, noise[index + 1])
        days.append(_day(person, today, mind, (night, following)))
        night = following
    return days


def _night(person: Person, on: date, stress_above: float, noise: Reals) -> _Night:
    """The night that ends on `on`; wall times, so that a clock change makes it an hour longer or shorter."""
    free = on.weekday() >= SATURDAY
    onset = -30 + 60 * person.chronotype_h + 45 * free + 30 * noise[3]
    onset = float(np.clip(onset, -150, 150))
    asleep = 60 * (person.sleep_need_h - 0.2 + 0.6 * free) - 10 * stress_above + 50 * noise[4]
    wake = min(onset + float(np.clip(asleep, 210, 660)), 690)
    return _Night(wall_us(on, onset, person.zone), wall_us(on, wake, person.zone))


def _feel(person: Person, today: _Date, before: _Mind, night: _Night) -> _Mind:
    on, index, noise, _ = today
    low = person.low_spell is not None and person.low_spell[0] <= index < person.low_spell[1]
    rest = float(np.clip((night.wake_us - night.onset_us) / HOUR_US - person.sleep_need_h, -3, 2))
    carried = person.persistence * before.carried + 0.7 * noise[0]
    shift = _WEEKDAY_MOOD[on.weekday()] + person.sleep_on_mood * rest + low * _LOW_SPELL_MOOD
    above = carried + shift
    works_today = person.works and on.weekday() < SATURDAY
    energy = person.energy + 0.4 * above + 0.5 * rest + 0.5 * noise[1]
    stress = person.stress - 0.4 * above + 0.4 * (before.stress - person.stress) + 0.6 * noise[2]
    stress += (0.3 if works_today else -0.4) + low * _LOW_SPELL_STRESS
    return _Mind(_scale(person.mood + above), _scale(energy), _scale(stress), carried)


def _day(person: Person, today: _Date, mind: _Mind, nights: tuple[_Night, _Night]) -> DayTruth:
    on, index, noise, ways = today
    last, following = nights
    starts_us = to_us(at_local(on, time(0), person.zone))
    ends_us = to_us(at_local(on + timedelta(days=1), time(0), person.zone))
    above = mind.mood - person.mood
    waking = Waking(on, starts_us, ends_us, last.wake_us, following.onset_us, above)
    rest = (last.wake_us - last.onset_us) / HOUR_US - person.sleep_need_h
    log_steps = person.mood_on_steps * above + 0.1 * rest + _WEEKDAY_LOG_STEPS[on.weekday()] + 0.18 * noise[5]
    return DayTruth(
        on=on,
        index=index,
        starts_us=starts_us,
        ends_us=ends_us,
        mood=mind.mood,
        energy=mind.energy,
        stress=mind.stress,
        sleep_onset_us=last.onset_us,
        wake_us=last.wake_us,
        bed_us=following.onset_us,
        next_wake_us=following.wake_us,
        steps_expected=person.activity * math.exp(log_steps),
        visits=visit_places(person, waking, ways),
    )


def _scale(value: float) -> float:
    """The value within 0-10."""
    return float(np.clip(value, 0, 10))
