"""Random numbers with an address."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from phenotyping.simulation.draws import lognormal, normal, uniform


@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**63 - 1),
    first=st.integers(0, 2**40),
    cut=st.integers(0, 20),
    k=st.integers(1, 9),
)
def test_slots_do_not_depend_on_the_window(seed: int, first: int, cut: int, k: int) -> None:
    whole = uniform(seed, "gps", first, 20, k)
    parts = [uniform(seed, "gps", first, cut, k), uniform(seed, "gps", first + cut, 20 - cut, k)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_numbers_are_uniform_and_normal() -> None:
    u = uniform(7, "gps", 1, 5_000, 3)
    assert u.min() > 0
    assert u.max() < 1
    assert stats.kstest(u.ravel(), "uniform").pvalue > 0.001
    assert stats.kstest(normal(7, "light", 1, 5_000).ravel(), "norm").pvalue > 0.001
    assert stats.kstest(lognormal(u[:, 0], 5.0, 0.4), "lognorm", args=(0.4, 0, 5.0)).pvalue > 0.001


def test_seeds_names_and_neighbouring_slots_share_nothing() -> None:
    a = uniform(7, "gps", 0, 4_000)[:, 0]
    others = [
        uniform(8, "gps", 0, 4_000)[:, 0],
        uniform(7, "light", 0, 4_000)[:, 0],
        uniform(7, "gps", 1, 4_000)[:, 0],
    ]
    assert all(abs(np.corrcoef(a, other)[0, 1]) < 0.06 for other in others)
