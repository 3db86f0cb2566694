"""What a person answers: the daily check-in, and whether a suggestion was followed."""

import math
from typing import Literal

import numpy as np

from phenotyping.simulation.draws import Reals, to_normal, uniform
from phenotyping.simulation.life import DayTruth
from phenotyping.simulation.person import Person

Response = Literal["done", "not_now", "less_like_this"]

_NOISE = 0.6  # standard deviation of an answer around the latent value, in points


def check_in(person: Person, truth: DayTruth) -> dict[str, int] | None:
    """Mood, energy, stress and sleep quality on 0-10; None on the days the person does not answer.

    Answers are the latent values with noise, rounded; they are likelier to be missing in low mood.
    """
    u = uniform(person.seed, "check_in", truth.on.toordinal(), 1, 8)[0]
    if u[0] > _willingness(person, truth, 0.25):
        return None
    rest = float(np.clip(7 + 1.2 * (truth.sleep_h - person.sleep_need_h) - 0.2 * (truth.stress - 5), 0, 10))
    latent = np.array([truth.mood, truth.energy, truth.stress, rest])
    given = np.clip(np.rint(latent + _NOISE * to_normal(u[1:5])), 0, 10).astype(int)
    return dict(zip(("mood", "energy", "stress", "sleep_quality"), given.tolist(), strict=True))


def respond(person: Person, truth: DayTruth, at_us: int, rng_key: int) -> tuple[Response, int] | None:
    """The response to a suggestion delivered at `at_us` and its delay in seconds; None when ignored.

    `rng_key`, not negative, tells suggestions apart; the same key gives the same response. Nobody answers in
    their sleep. People who respond more, and whose mood is better, say "done" more often.
    """
    if truth.sleep_onset_us <= at_us < truth.wake_us or at_us >= truth.bed_us:
        return None
    u = uniform(person.seed, "respond", rng_key % 2**64, 1, 3)[0]
    if u[0] > _willingness(person, truth, 0.1):
        return None
    above = truth.mood - person.mood
    odds = 0.2 + 1.5 * person.responsiveness + 0.2 * above - 0.1 * (truth.stress - person.stress)
    done = 1 / (1 + math.exp(-odds))
    delay_s = _delay_s(u[2:3])
    if u[1] < done:
        return "done", delay_s
    return ("not_now" if u[1] < done + 0.8 * (1 - done) else "less_like_this"), delay_s


def _willingness(person: Person, truth: DayTruth, slope: float) -> float:
    """Probability of answering: the person's adherence on an average day, less in low mood."""
    odds = math.log(person.adherence / (1 - person.adherence)) + slope * (truth.mood - person.mood)
    return 1 / (1 + math.exp(-odds))


def _delay_s(u: Reals) -> int:
    """Seconds until an answer: ten minutes in the median, four hours at most."""
    return int(min(600 * math.exp(0.9 * float(to_normal(u)[0])), 14_400))
