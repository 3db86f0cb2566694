"""Suggestions and answers: known effects are there to be recovered."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from phenotyping.simulation.answers import check_in, respond
from phenotyping.simulation.life import live
from phenotyping.simulation.person import make_cohort
from phenotyping.simulation.phone import Nudge, record
from phenotyping.streams.catalogue import STREAM_NAMES

FIRST_ON = date(2025, 5, 5)
HOUR_US = 3_600_000_000


def _steps_after(seeds: range, responsiveness: float, kind: str) -> float:
    """Mean steps in the hours after one suggestion a day, at 13, 16 and 19 o'clock in turn."""
    total, plain = 0, {"activity": 7_000.0, "app_gap_rate": 0.0, "silent_day_rate": 0.0}
    for made in make_cohort(seeds.stop, seed=9)[seeds.start :]:
        person = replace(made, responsiveness=responsiveness, **plain)
        days = live(person, FIRST_ON, 30)
        at = [day.starts_us + (13 + 3 * (k % 3)) * HOUR_US + 123 for k, day in enumerate(days)]
        rows = record(person, days, days[0].starts_us, days[-1].ends_us, [Nudge(us, kind) for us in at])[
            "steps"
        ]
        total += sum(
            int(rows["steps"][(rows["time"] >= us) & (rows["time"] < us + HOUR_US)].sum()) for us in at
        )
    return total


@pytest.mark.parametrize("responsiveness", [-0.2, 0.0, 0.35, 0.8])
def test_a_movement_suggestion_multiplies_steps_in_the_next_hour(responsiveness: float) -> None:
    nudged = _steps_after(range(9), responsiveness, "movement")
    usual = _steps_after(range(9), responsiveness, "sleep")
    assert nudged / usual == pytest.approx(np.exp(responsiveness), rel=0.06)


def test_the_effect_is_recovered_between_different_people() -> None:
    nudged = _steps_after(range(30), 0.5, "movement")
    usual = _steps_after(range(30, 60), 0.5, "sleep")
    assert nudged / usual == pytest.approx(np.exp(0.5), rel=0.12)


def test_a_suggestion_changes_nothing_before_or_an_hour_after() -> None:
    person = replace(make_cohort(1, seed=9)[0], responsiveness=0.8, silent_day_rate=0.0)
    days = live(person, FIRST_ON, 2)
    at_us = days[0].starts_us + 14 * HOUR_US + 30_000_001
    window = (person, days, days[0].starts_us, days[-1].ends_us)
    without, nudged = record(*window, []), record(*window, [Nudge(at_us, "movement")])
    for name in STREAM_NAMES:
        for column in without[name]:
            a, b = without[name], nudged[name]
            outside = [
                (rows["time"] < at_us) | (rows["time"] >= at_us + HOUR_US + 60_000_000) for rows in (a, b)
            ]
            assert a[column][outside[0]].tolist() == pytest.approx(
                b[column][outside[1]].tolist(), nan_ok=True
            )
    assert nudged["steps"]["steps"].sum() > without["steps"]["steps"].sum()


def test_check_ins_follow_the_latent_state_and_are_missed_at_the_persons_rate() -> None:
    person = replace(make_cohort(1, seed=9)[0], adherence=0.8, low_spell=None)
    days = live(person, FIRST_ON, 600)
    answers = [check_in(person, day) for day in days]
    assert answers == [check_in(person, day) for day in days]
    given = [(day, answer) for day, answer in zip(days, answers, strict=True) if answer]
    assert len(given) / len(days) == pytest.approx(0.8, abs=0.05)
    for name in ("mood", "energy", "stress"):
        latent = np.array([getattr(day, name) for day, _ in given])
        told = np.array([answer[name] for _, answer in given])
        assert np.corrcoef(latent, told)[0, 1] > 0.6
        assert np.abs(told - latent).mean() < 1
    sleep = np.corrcoef([day.sleep_h for day, _ in given], [a["sleep_quality"] for _, a in given])
    assert sleep[0, 1] > 0.5
    assert all(type(v) is int and 0 <= v <= 10 for _, answer in given for v in answer.values())


def test_responses_depend_on_the_person_and_the_key_alone() -> None:
    eager, tired = (replace(make_cohort(1, seed=9)[0], adherence=0.85, responsiveness=r) for r in (0.9, -0.3))
    day = live(eager, FIRST_ON, 1)[0]
    at_us = day.wake_us + 6 * HOUR_US
    one, other = ([respond(p, day, at_us, key) for key in range(800)] for p in (eager, tired))
    assert one == [respond(eager, day, at_us, key) for key in range(800)]
    words = [[answer[0] for answer in answers if answer] for answers in (one, other)]
    assert set(words[0]) == {"done", "not_now", "less_like_this"}
    assert words[0].count("done") > 1.3 * words[1].count("done")
    assert len(words[0]) / 800 == pytest.approx(0.85, abs=0.08)
    delays = [answer[1] for answer in one if answer]
    assert min(delays) > 0
    assert max(delays) <= 14_400


def test_nobody_responds_in_sleep() -> None:
    person = make_cohort(1, seed=9)[0]
    day = live(person, FIRST_ON, 1)[0]
    for at_us in (day.sleep_onset_us, day.wake_us - 1, day.bed_us, day.bed_us + HOUR_US):
        assert all(respond(person, day, at_us, key) is None for key in range(20))
