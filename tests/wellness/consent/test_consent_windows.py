from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wellness.consent.windows import Window, intersection, union

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = st.integers(0, 12)
INSTANTS = HOURS.map(lambda n: START + timedelta(hours=n))
WINDOWS = st.lists(st.tuples(INSTANTS, st.none() | INSTANTS), max_size=6)


def covered(windows: list[Window]) -> set[int]:
    """The half hours, by number, that lie in a window."""
    instants = {n: START + n * timedelta(minutes=30) for n in range(30)}
    return {n for n, at in instants.items() if any(a <= at and (b is None or at < b) for a, b in windows)}


@given(WINDOWS)
def test_a_union_covers_what_its_windows_cover_and_nothing_else(windows: list[Window]) -> None:
    assert covered(union(windows)) == covered(windows)


@given(WINDOWS)
def test_a_union_is_in_order_without_touching_windows(windows: list[Window]) -> None:
    joined = union(windows)
    for (_, end), (start, _) in zip(joined, joined[1:], strict=False):
        assert end is not None
        assert end < start


@given(st.lists(WINDOWS, min_size=1, max_size=4))
def test_an_intersection_covers_what_all_cover(sets: list[list[Window]]) -> None:
    common = intersection([union(windows) for windows in sets])
    assert covered(common) == set.intersection(*(covered(windows) for windows in sets))


def test_no_sets_have_nothing_in_common() -> None:
    assert intersection([]) == []
