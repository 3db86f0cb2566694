"""Every route answers every role, for every object and method, as matrix.csv says."""

import os
from typing import Any

import pytest

from tests.wellness.access import matrix
from tests.wellness.access.cast import cast
from tests.wellness.access.routes import routes

UPDATE = bool(os.environ.get("UPDATE_MATRIX"))


@pytest.fixture(autouse=True)
def _any_disk(settings: Any) -> None:
    """Health does not depend on the disk that the tests run on."""
    settings.DISK_FREE_SHARE, settings.DISK_FREE_BYTES = 0.0, 0


@pytest.mark.skipif(UPDATE, reason="the matrix is being written")
def test_every_route_is_in_the_matrix() -> None:
    here, agreed = {route.path for route in routes()}, {route for route, _, _ in matrix.read()}
    assert here - agreed == set(), f"Routes without a row. {matrix.HOW_TO}"
    assert agreed - here == set(), f"Rows without a route. {matrix.HOW_TO}"


def test_every_answer_is_as_agreed(db: None) -> None:
    found, cast_ = {}, cast()
    for route in routes():
        assert set(route.names) <= cast_.objects.keys(), f"{route.path}: name its objects in belongings.py"
        for relation, path in matrix.relations(route, cast_):
            for method in route.methods:
                answers = {
                    role: matrix.answer(matrix.asked(player, method, path))
                    for role, player in cast_.players.items()
                }
                found[route.path, relation, method] = answers
    if UPDATE:
        matrix.write(found)
    broken = [
        place for place, answers in found.items() if any(one.startswith("5") for one in answers.values())
    ]
    assert broken == []
    differences = list(matrix.differences(matrix.read(), found))
    assert differences == [], f"{len(differences)} differences. {matrix.HOW_TO}"
