"""People and their days: determinism, and the links that a twin is to find."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from phenotyping.simulation.itinerary import journey_us
from phenotyping.simulation.life import DayTruth, live
from phenotyping.simulation.person import PLACE_NAMES, Person, make_cohort
from wellness.lib.clock import from_us

FIRST_ON = date(2025, 2, 3)


@pytest.fixture(scope="module")
def cohort() -> list[Person]:
    return make_cohort(24, seed=1)


def test_a_person_is_the_same_in_any_cohort(cohort: list[Person]) -> None:
    assert make_cohort(5, seed=1) == cohort[:5]
    assert make_cohort(5, seed=2) != cohort[:5]
    assert len({person.seed for person in cohort}) == len({person.code for person in cohort}) == 24


def test_a_cohort_is_diverse(cohort: list[Person]) -> None:
    responsiveness = np.array([person.responsiveness for person in make_cohort(400, seed=3)])
    assert responsiveness.mean() == pytest.approx(0.35, abs=0.05)
    assert (responsiveness <= 0).any()
    assert {person.zone for person in cohort} > {"Europe/Helsinki", "America/New_York", "Asia/Kolkata"}
    assert {person.platform for person in cohort} == {"android", "ios"}
    assert any(person.low_spell for person in cohort)


def test_the_first_days_do_not_depend_on_how_many_follow(cohort: list[Person]) -> None:
    for person in cohort[:6]:
        days = live(person, FIRST_ON, 30)
        assert live(person, FIRST_ON, 30) == days
        assert live(person, FIRST_ON, 11) == days[:11]
        assert live(person, FIRST_ON, 0) == []


def test_nights_and_days_follow_each_other(cohort: list[Person]) -> None:
    for person in cohort:
        days = live(person, FIRST_ON, 60)
        for day in days:
            assert day.sleep_onset_us < day.wake_us < day.bed_us < day.next_wake_us
            assert 3 <= day.sleep_h <= 12
            assert all(0 <= value <= 10 for value in (day.mood, day.energy, day.stress))
        for day, following in pairwise(days):
            assert following.on - day.on == timedelta(days=1)
            assert (day.ends_us, day.bed_us, day.next_wake_us) == (
                following.starts_us,
                following.sleep_onset_us,
                following.wake_us,
            )


def test_visits_cover_the_day_but_for_journeys(cohort: list[Person]) -> None:
    for person in cohort:
        for day in live(person, FIRST_ON, 40):
            first, *_, last = [*day.visits, *day.visits[-1:]]
            assert (first.place, first.start_us, last.place, last.end_us) == (
                "home",
                day.starts_us,
                "home",
                day.ends_us,
            )
            assert all(visit.place in PLACE_NAMES for visit in day.visits)
            assert all(visit.start_us <= visit.end_us for visit in day.visits)
            for visit, after in pairwise(day.visits):
                assert after.start_us - visit.end_us >= journey_us(person, visit.place, after.place)


def _columns(days: list[DayTruth], *names: str) -> list[np.ndarray]:
    return [np.array([getattr(day, name) for day in days]) for name in names]


def test_sleep_mood_energy_stress_and_steps_are_linked(cohort: list[Person]) -> None:
    for person in cohort[:8]:
        sleep, mood, energy, stress, steps = _columns(
            live(person, FIRST_ON, 400), "sleep_h", "mood", "energy", "stress", "steps_expected"
        )
        together = np.corrcoef([sleep, mood, energy, stress, steps])
        assert together[0, [1, 2, 4]].min() > 0.15
        assert together[1, 2] > 0.3
        assert together[1, 3] < -0.3
        assert together[1, 4] > 0.15


def test_stress_shortens_the_following_night(cohort: list[Person]) -> None:
    slopes = []
    for person in cohort[:12]:
        days = live(replace(person, low_spell=None), FIRST_ON, 600)
        before_work = [(a.stress, b.sleep_h) for a, b in pairwise(days) if b.on.weekday() < 5]
        slopes.append(np.polyfit(*np.transpose(before_work), 1)[0] * 60)
    assert np.mean(slopes) == pytest.approx(-10, abs=3)


def test_mood_persists_and_has_a_week(cohort: list[Person]) -> None:
    person = replace(cohort[0], low_spell=None, sleep_on_mood=0.0, mood=5.0)
    days = live(person, FIRST_ON, 1_400)
    mood = np.array([day.mood for day in days]).reshape(-1, 7)
    assert mood[:, 5].mean() - mood[:, 0].mean() == pytest.approx(0.8, abs=0.25)
    above = (mood - mood.mean(axis=0)).ravel()
    assert np.corrcoef(above[1:], above[:-1])[0, 1] == pytest.approx(person.persistence, abs=0.08)


def test_a_low_spell_lowers_mood_while_it_lasts(cohort: list[Person]) -> None:
    usual = replace(cohort[0], low_spell=None, mood=6.0)
    low = replace(usual, low_spell=(10, 20))
    moods = [[day.mood for day in live(person, FIRST_ON, 30)] for person in (usual, low)]
    differences = np.subtract(moods[1], moods[0])
    assert np.all(differences[:10] == 0)
    assert differences[10:20].mean() < -1.5
    assert abs(differences[25:].mean()) < 0.2


@pytest.mark.parametrize(
    ("on", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25), (date(2025, 6, 1), 24)]
)
def test_a_clock_change_alters_the_day_and_the_night(cohort: list[Person], on: date, hours: int) -> None:
    person = replace(cohort[0], zone="Europe/Helsinki")
    day = live(person, on, 1)[0]
    assert day.ends_us - day.starts_us == hours * 3_600_000_000
    zone = ZoneInfo(person.zone)
    onset, wake = (from_us(us).astimezone(zone) for us in (day.sleep_onset_us, day.wake_us))
    on_the_wall = (wake.replace(tzinfo=None) - onset.replace(tzinfo=None)).total_seconds() / 3_600
    assert day.sleep_h - on_the_wall == pytest.approx(hours - 24)
