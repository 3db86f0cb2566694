"""Work counted in lines of Python, which no busy machine changes."""

import sys
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def n_lines() -> Callable[[Callable[[], object]], int]:
    return _n_lines


def _n_lines(run: Callable[[], object]) -> int:
    """Lines of Python that run() takes once what it imports late is there."""
    run()
    n, before = 0, sys.gettrace()

    def count(_frame, event, _argument):
        nonlocal n
        n += event == "line"
        return count

    sys.settrace(count)
    try:
        run()
    finally:
        sys.settrace(before)
    return n
