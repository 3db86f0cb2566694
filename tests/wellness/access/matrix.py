"""The matrix of who gets which answer where: read from and written to matrix.csv beside this file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponseBase

from tests.wellness.access.belongings import NONEXISTENT, OWN, PEOPLE, UNASSIGNED
from tests.wellness.access.cast import Cast, Player
from tests.wellness.access.routes import Route

FILE = Path(__file__).with_name("matrix.csv")
HOW_TO = (
    "Look at what changed and, if it is meant, write the matrix anew: "
    "UPDATE_MATRIX=1 .venv/bin/python -m pytest -n 0 tests/wellness/access/test_access_matrix.py; "
    "then read the difference of matrix.csv line by line, for whatever is in it is allowed from then on."
)
WHOLE = "-"

Place = tuple[str, str, str]  # route, relation to the object, method
Matrix = dict[Place, dict[str, str]]  # the answer by role


def relations(route: Route, cast: Cast) -> Iterator[tuple[str, str]]:
    """Each relation in which a route's object may stand, and that object's address."""
    if not route.names:
        yield WHOLE, route.filled({})
        return
    here = [cast.objects[name] for name in route.names]
    found = [name for name in PEOPLE if all(name in objects for objects in here)]
    if "slug" in route.names and len(here) > 1:  # somebody in another study, asked for under one's own
        found = [name for name in PEOPLE if any(name in objects for objects in here)]
    for relation in found:
        values = {name: _named(cast.objects[name], relation, len(here)) for name in route.names}
        yield relation, route.filled(values)


def _named(objects: dict[str, str], relation: str, n_names: int) -> str:
    """The object in that relation; the study one works in, where somebody in it is asked for."""
    if n_names > 1 and relation == NONEXISTENT and OWN in objects and UNASSIGNED not in objects:
        return objects[OWN]
    return objects.get(relation) or objects[OWN]


def asked(player: Player, method: str, path: str) -> HttpResponseBase:
    """The answer to a request whose consequences are undone, and before which nobody asked too often."""
    cache.clear()
    with transaction.atomic():
        response = player.ask(method, path)
        transaction.set_rollback(True)
    return response


def answer(response: HttpResponseBase) -> str:
    """What the matrix keeps of an answer: its status, or "login" for being sent to sign in."""
    to_login = response.get("Location", "").startswith("/accounts/login/")
    return "login" if response.status_code == 302 and to_login else str(response.status_code)


def read() -> Matrix:
    """The matrix as it was agreed on."""
    if not FILE.exists():
        return {}
    found: Matrix = {}
    with FILE.open(newline="") as file:
        for line in csv.DictReader(file):
            route, relation, methods = (line.pop(name) for name in ("route", "object", "methods"))
            for method in methods.split():
                found[route, relation, method] = line
    return found


def write(matrix: Matrix) -> None:
    """Keep the matrix; methods that everybody gets the same answers to share a line."""
    lines: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[str]] = {}
    for (route, relation, method), cells in matrix.items():
        lines.setdefault((route, relation, tuple(cells.items())), []).append(method)
    with FILE.open("w", newline="") as file:
        roles = list(next(iter(matrix.values())))
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["route", "object", "methods", *roles])
        for (route, relation, answers), methods in lines.items():
            out.writerow([route, relation, " ".join(methods), *dict(answers).values()])


def differences(agreed: Matrix, found: Matrix) -> Iterable[str]:
    """Every cell that is not as agreed, in words."""
    for place in [*agreed, *(place for place in found if place not in agreed)]:
        before, now = agreed.get(place, {}), found.get(place, {})
        for role in [*before, *(role for role in now if role not in before)]:
            if before.get(role) != now.get(role):
                yield f"{' '.join(place)} as {role}: agreed {before.get(role)}, answered {now.get(role)}"
