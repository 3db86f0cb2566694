"""Merging in memory: a function of the set of rows."""

import tracemalloc
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.intake.merging import by_day, gather, merge

ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from([60.0, 0.0, -0.0, -3.1, -60.0]),
        st.sampled_from([None, 5.0]),
        st.sampled_from([None, "b1", "b2"]),
        st.sampled_from([None, 1.0, 7.0]),
    ),
    min_size=1,
    max_size=9,
)


def table(rows: list[tuple[Any, ...]], *, booted: bool = True) -> pa.Table:
    times, latitudes, accuracies, boots, uptimes = zip(*sorted(rows, key=lambda row: row[0]), strict=True)
    columns = {
        "time": pa.array(times, pa.int64()),
        "latitude": pa.array(latitudes, pa.float64()),
        "longitude": pa.array([24.0] * len(times), pa.float64()),
        "accuracy": pa.array(accuracies, pa.float64()),
    }
    ordering = {
        "boot": pa.array(boots, pa.string()).dictionary_encode(),
        "monotonic_ms": pa.array(uptimes, pa.float64()),
    }
    return pa.table(columns | (ordering if booted else {}))


def read(*tables: pa.Table) -> list[tuple[str, bytes]]:
    found = merge("gps", tables)
    return [(n, repr(v.tolist()).encode() if v.dtype == object else v.tobytes()) for n, v in found.items()]


@settings(max_examples=80, deadline=None)
@given(ROWS, st.data())
def test_splitting_and_gathering_cannot_be_told(rows: list[Any], data: st.DataObject) -> None:
    whole = read(table(rows))
    mixed = data.draw(st.permutations(rows + data.draw(st.lists(st.sampled_from(rows), max_size=4))))
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(mixed))] * 2)))
    pieces = [table(part) for part in (mixed[:first], mixed[first:last], mixed[last:]) if part]
    assert read(*pieces) == whole
    one, dropped = gather("gps", 0, pieces)
    assert read(one) == whole
    assert one.num_rows + sum(dropped) == len(mixed)
    again, dropped = gather("gps", 1, [one, *pieces])
    assert (read(again), dropped) == (whole, [0, *(piece.num_rows for piece in pieces)])


def test_texts_of_one_instant_are_in_the_order_of_their_letters_whatever_the_longest() -> None:
    words = ["b", None, "a", "ä", "z" * 256, "B"] * 5_000
    apps = pa.array(words).dictionary_encode()
    rows = {"time": [7] * len(words), "app": apps, "duration_s": [float(n) for n in range(len(words))]}
    merge("app_usage", [pa.table(rows)])
    tracemalloc.start()
    found = merge("app_usage", [pa.table(rows)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    last = [None] * 5_000
    assert found["app"].tolist() == sorted(filter(None, words)) + last
    assert peak < 300 * len(words)  # bytes a row; the longest word alone has 1,024


def test_rows_of_one_instant_follow_the_clock_of_their_boot() -> None:
    """Where the phone sent one; a copy without it changes nothing."""
    rows = [(0, 60.0, None, "b1", 7.0), (0, 61.0, None, "b1", 3.0), (0, 59.0, None, "b1", 5.0)]
    in_order = [61.0, 59.0, 60.0]
    assert merge("gps", [table(rows)])["latitude"].tolist() == in_order
    bare = table(rows, booted=False)
    for pieces in ([table(rows), bare], [bare, table(rows)]):
        found = merge("gps", pieces)
        assert found["latitude"].tolist() == in_order
        assert found.keys() == {"time", "latitude", "longitude", "accuracy", "altitude", "speed"}


def test_the_earliest_copy_stays_and_gathered_rows_always_do() -> None:
    row, other = (0, 60.0, None, None, None), (1, 60.0, None, None, None)
    tables = [table([row]), table([row]), table([other, row, row])]
    assert gather("gps", 2, tables)[1] == [0, 0, 2]
    assert gather("gps", 1, tables)[1] == [0, 1, 2]
    assert gather("gps", 0, tables[1:])[1] == [0, 2]


def test_days_are_cut_at_midnight_utc() -> None:
    day = 86_400_000_000
    times = np.array([-1, 0, day - 1, day, 3 * day], np.int64)
    found = [(on, part["time"].to_pylist()) for on, part in by_day(pa.table({"time": times}))]
    assert found == [(-1, [-1]), (0, [0, day - 1]), (1, [day]), (3, [3 * day])]
