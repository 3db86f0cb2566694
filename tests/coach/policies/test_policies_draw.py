"""The seeded coin."""

import hashlib
import uuid
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from coach.policies.draw import Draw, draw, pick, uniform

SEED = bytes(range(32))
IDS = [uuid.UUID(int=i) for i in range(4_000)]
PROBS = {"walk": 0.3, "stand": 0.2, "none": 0.5}


def test_the_generator_is_the_documented_one():
    decision = uuid.UUID("018f6b3e-0000-7000-8000-0123456789ab")
    key = hashlib.blake2b(
        decision.bytes + bytes(4), digest_size=8, key=SEED, person=b"coach.draw"
    ).hexdigest()
    assert uniform(SEED, decision) == (2 * int(key[:13], 16) + 1) / 2**53


def test_draws_of_the_past_stay_what_they_were():
    decision = uuid.UUID("018f6b3e-0000-7000-8000-0123456789ab")
    assert draw(SEED, decision, PROBS) == Draw(float.fromhex("0x1.f06d32e69e7a8p-4"), "stand")
    assert pick(SEED, decision, ["a", "b", "c"]) == "a"


def test_draws_are_uniform_and_independent_from_one_decision_to_the_next():
    # Many keys: by chance one in a hundred has p < .01 in 4,000 draws (SEED has .003).
    keys = [SEED, *(bytes([k]) * 32 for k in range(19))]
    u = np.array([[uniform(key, decision) for decision in IDS] for key in keys])
    assert stats.kstest(u.ravel(), "uniform").pvalue > 0.001
    assert stats.kstest([stats.kstest(row, "uniform").pvalue for row in u], "uniform").pvalue > 0.001
    assert len(np.unique(u)) == u.size
    assert abs(np.corrcoef(u[:, 1:].ravel(), u[:, :-1].ravel())[0, 1]) < 4 / u.size**0.5
    assert abs(np.corrcoef(u[1:].ravel(), u[:-1].ravel())[0, 1]) < 4 / u.size**0.5


def test_options_come_as_often_as_they_should():
    drawn = Counter(draw(SEED, decision, PROBS).option for decision in IDS)
    expected = [PROBS[option] * len(IDS) for option in sorted(PROBS)]
    assert stats.chisquare([drawn[option] for option in sorted(PROBS)], expected).pvalue > 0.01


@given(st.uuids(), st.permutations(sorted(PROBS)), st.binary(min_size=16, max_size=64))
def test_a_draw_depends_on_key_and_decision_alone(decision, order, seed):
    first = draw(seed, decision, PROBS)
    assert draw(seed, decision, {option: PROBS[option] for option in order}) == first
    assert 0 < first.u < 1
    bounds = {"stand": (0, 0.2), "walk": (0.2, 0.5), "none": (0.5, 1)}[first.option]
    assert bounds[0] <= first.u < bounds[1]


@given(st.uuids(), st.floats(0.01, 0.99))
def test_one_arm_is_chosen_when_the_number_is_below_its_probability(decision, p):
    drawn = draw(SEED, decision, {"zumba": p, "none": 1 - p})
    assert (drawn.option == "zumba") == (drawn.u < p)
    assert draw(SEED, decision, {"zumba": drawn.u, "none": 1 - drawn.u}).option == "none"


@pytest.mark.parametrize(
    "probs",
    [
        {},
        {"none": 1.0},
        {"walk": 0.5, "stand": 0.5},
        {"walk": 0.0, "none": 1.0},
        {"walk": 1.0, "none": 0.0},
        {"walk": 0.3, "none": 0.6},
        {"walk": float("nan"), "none": 0.5},
        {"walk": -0.5, "stand": 1.0, "none": 0.5},
    ],
)
def test_what_is_no_distribution_is_not_drawn_from(probs):
    with pytest.raises(ValueError, match="probabilit|none"):
        draw(SEED, IDS[0], probs)


@pytest.mark.parametrize("seed", [b"", bytes(15), bytes(65)])
def test_a_key_has_at_least_128_bits(seed):
    with pytest.raises(ValueError, match="study key"):
        draw(seed, IDS[0], PROBS)


def test_picks_are_even_and_do_not_follow_the_draw():
    pairs = Counter(
        (pick(SEED, decision, ["x", "y", "z"]), draw(SEED, decision, PROBS).option) for decision in IDS
    )
    table = [[pairs[message, option] for option in PROBS] for message in "xyz"]
    assert stats.chisquare(np.sum(table, axis=1)).pvalue > 0.01
    assert stats.chi2_contingency(table).pvalue > 0.01


@given(st.uuids(), st.lists(st.text(max_size=5), min_size=1, max_size=6))
def test_a_pick_does_not_depend_on_order_or_repetition(decision, messages):
    assert pick(SEED, decision, messages) == pick(SEED, decision, sorted(messages) + messages)
    assert pick(SEED, decision, messages) in messages


def test_nothing_is_picked_from_nothing():
    with pytest.raises(ValueError, match="nothing"):
        pick(SEED, IDS[0], [])
