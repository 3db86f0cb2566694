"""Where a person is in the course of one day: visits, with journeys between them."""

import math
from datetime import date, time, timedelta
from typing import NamedTuple

from phenotyping.simulation.draws import Reals, to_normal
from phenotyping.simulation.person import METRES_PER_DEGREE, PLACE_NAMES, Person, Place
from wellness.lib.clock import MICROSECONDS, at_local, to_us

MINUTE_US = 60 * MICROSECONDS
HOUR_US = 60 * MINUTE_US
FAR_M = 1_500.0  # farther than this people take a vehicle
SATURDAY = 5
N_DRAWS = 12
_EVENINGS = ("shop", "park", "gym", "cafe", "friend")


class Visit(NamedTuple):
    """A stay at a place, half-open [start_us, end_us); what lies between two visits is a journey."""

    place: str
    start_us: int
    end_us: int


class Waking(NamedTuple):
    """The frame of one day: its date and bounds, when the person is up, and how they feel."""

    on: date
    starts_us: int
    ends_us: int
    wake_us: int
    bed_us: int
    mood_above: float


def wall_us(on: date, minutes: float, zone: str) -> int:
    """The instant, in microseconds, of a wall time in minutes from midnight of `on`, negative ones too."""
    days, rest = divmod(round(minutes), 1_440)
    return to_us(at_local(on + timedelta(days=days), time(rest // 60, rest % 60), zone))


def distance_m(a: Place, b: Place) -> float:
    """Metres between two points of one city (equirectangular)."""
    east = (b.longitude - a.longitude) * math.cos(math.radians(a.latitude))
    return METRES_PER_DEGREE * math.hypot(b.latitude - a.latitude, east)


def journey_us(person: Person, start: str, end: str) -> int:
    """How long the way between two places takes: on foot when near, else in a vehicle after a short wait."""
    metres = distance_m(*(person.places[PLACE_NAMES.index(name)] for name in (start, end)))
    seconds = metres / 1.3 if metres < FAR_M else metres / 7.0 + 240
    return round(seconds) * MICROSECONDS


def visit_places(person: Person, day: Waking, u: Reals) -> tuple[Visit, ...]:
    """The visits of one day, from home at its first instant to home at its last; `u` has N_DRAWS numbers."""
    works = person.works and day.on.weekday() < SATURDAY and u[0] > 0.06 * math.exp(-0.5 * day.mood_above)
    plans = _working_day(person, day, u) if works else _free_day(person, day, u)
    return _join(person, day, plans)


def _working_day(person: Person, day: Waking, u: Reals) -> list[Visit]:
    noise = to_normal(u[1:4])
    arrive = max(
        wall_us(day.on, 540 + 40 * person.chronotype_h + 15 * noise[0], person.zone),
        day.wake_us + 40 * MINUTE_US + journey_us(person, "home", "work"),
    )
    leave = max(
        wall_us(day.on, 1_010 + 40 * person.chronotype_h + 30 * noise[1], person.zone), arrive + 4 * HOUR_US
    )
    plans = [Visit("work", arrive, leave)]
    if u[4] < _outing_chance(person, day, 0.45):
        place = _EVENINGS[int(u[5] * len(_EVENINGS))]
        start = leave + journey_us(person, "work", place) + round((0.1 + 0.4 * u[6]) * HOUR_US)
        plans.append(Visit(place, start, start + round((0.5 + 1.3 * u[7]) * HOUR_US)))
    return plans


def _free_day(person: Person, day: Waking, u: Reals) -> list[Visit]:
    plans, earliest = [], day.wake_us + round((1.5 + 1.5 * u[1]) * HOUR_US)
    for k, base in enumerate((0.85, 0.6)):
        if u[4 + k] < _outing_chance(person, day, base):
            place = _EVENINGS[int(u[6 + k] * len(_EVENINGS))]
            start = earliest + round((0.5 + 1.5 * u[8 + k]) * HOUR_US)
            plans.append(Visit(place, start, start + round((0.6 + 1.8 * u[10 + k]) * HOUR_US)))
            earliest = plans[-1].end_us + 2 * HOUR_US
    return plans


def _outing_chance(person: Person, day: Waking, base: float) -> float:
    """`base` for the average person on an average day; more with sociability and good mood."""
    odds = math.log(base / (1 - base)) + 2 * (person.sociability - 0.5) + 0.35 * day.mood_above
    return 1 / (1 + math.exp(-odds))


def _join(person: Person, day: Waking, plans: list[Visit]) -> tuple[Visit, ...]:
    """The plans that fit before bedtime and midnight, joined by journeys; by way of home if there is time."""
    latest = min(day.bed_us - HOUR_US // 2, wall_us(day.on, 1_410, person.zone))
    visits = [Visit("home", day.starts_us, day.starts_us)]
    for plan in plans:
        end = min(plan.end_us, latest - journey_us(person, plan.place, "home"))
        if plan.start_us - visits[-1].end_us > 2 * HOUR_US:
            _go_home(person, visits)
        leave = plan.start_us - journey_us(person, visits[-1].place, plan.place)
        if end - plan.start_us < HOUR_US // 4 or leave < visits[-1].end_us:
            continue
        visits[-1] = visits[-1]._replace(end_us=leave)
        visits.append(Visit(plan.place, plan.start_us, end))
    _go_home(person, visits)
    visits[-1] = visits[-1]._replace(end_us=day.ends_us)
    return tuple(visits)


def _go_home(person: Person, visits: list[Visit]) -> None:
    """The visits end at home: a stay there, not yet ended, is added unless it is the last one."""
    here, since = visits[-1].place, visits[-1].end_us
    if here != "home":
        arrives_us = since + journey_us(person, here, "home")
        visits.append(Visit("home", arrives_us, arrives_us))
