"""Every route answers every role, for every object and method, as matrix.csv says, and tells nothing else."""

import os
from typing import Any

import pytest

from tests.wellness.access import matrix
from tests.wellness.access.routes import routes

pytestmark = pytest.mark.long
UPDATE = os.environ.get("UPDATE_MATRIX", "")  # "new" asks only for routes that have no row


@pytest.fixture
def walk(db: None, settings: Any) -> matrix.Walk:
    """All answers; health does not depend on the disk that the tests run on."""
    settings.DISK_FREE_SHARE, settings.DISK_FREE_BYTES = 0.0, 0
    agreed = {route for route, _, _ in matrix.read()}
    new = frozenset(route.path for route in routes() if route.path not in agreed)
    full = bool(UPDATE) or os.environ.get("MATRIX") == "full"
    return matrix.walk(full=full, only=new if UPDATE == "new" else None)


@pytest.mark.skipif(bool(UPDATE), reason="the matrix is being written")
def test_every_route_is_in_the_matrix() -> None:
    here, agreed = {route.path for route in routes()}, {route for route, _, _ in matrix.read()}
    assert here - agreed == set(), f"Routes without a row. {matrix.HOW_TO}"
    assert agreed - here == set(), f"Rows without a route. {matrix.HOW_TO}"


def test_every_answer_is_as_agreed_and_tells_nothing_more(walk: matrix.Walk) -> None:
    """Objects of others and none are answered alike, and looking changes nothing.

    In one test, for two workers would walk twice.
    """
    failed = [
        place for place, answers in walk.answers.items() if any(one[0] == "5" for one in answers.values())
    ]
    assert failed == []
    if UPDATE:
        here = {route.path for route in routes()}
        kept = {
            place: cells for place, cells in matrix.read().items() if UPDATE == "new" and place[0] in here
        }
        matrix.write(dict(sorted((kept | walk.answers).items(), key=lambda one: one[0][0])))
        return
    differences = list(matrix.differences(matrix.read(), walk.answers))
    assert differences == [], f"{len(differences)} differences. {matrix.HOW_TO}"
    assert walk.n_compared > 1_000
    assert walk.told_apart == []
    assert [one for one in walk.wrote if one[0] == "GET"] == []
    assert {method for method, *_ in walk.wrote} >= {"POST", "PUT"}  # who writes is noticed
