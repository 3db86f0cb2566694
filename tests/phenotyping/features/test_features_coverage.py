import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phenotyping.features.coverage import covered, held_until, merged, overlap
from phenotyping.features.rows import distinct

SPANS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=20)


def test_a_row_holds_until_the_next_and_no_longer_than_its_limit():
    times = np.array([0, 10, 100], np.int64)
    assert held_until(times, 30).tolist() == [10, 40, 130]
    assert overlap(times, held_until(times, 30), 5, 110).tolist() == [5, 30, 10]


@given(SPANS, st.integers(0, 100), st.integers(0, 150))
def test_covered_length_equals_counting_instants(spans, start, length):
    starts = np.array([at for at, _ in spans], np.int64)
    ends = starts + np.array([long for _, long in spans], np.int64)
    instants = {at for begin, end in zip(starts, ends, strict=True) for at in range(begin, end)}
    assert covered(starts, ends, start, start + length) == len(instants & set(range(start, start + length)))


def test_instants_of_several_streams_come_in_order():
    assert merged([np.array([3, 5]), np.array([], np.int64), np.array([1, 4])]).tolist() == [1, 3, 4, 5]
    assert merged([]).size == 0


def test_only_exact_repeats_are_left_out():
    rows = {
        "time": np.array([1, 2, 2, 2, 2], np.int64),
        "n": np.array([1.0, np.nan, 7.0, np.nan, 7.0]),
        "word": np.array(["a", None, "b", None, "c"], object),
    }
    assert distinct(rows)["word"].tolist() == ["a", None, "b", "c"]
