"""The matrix of who gets which answer where: read from and written to matrix.csv beside this file."""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.cache import cache as counts
from django.db import connection, transaction
from django.http import HttpResponseBase

from tests.wellness.access.belongings import NONEXISTENT, OWN, PEOPLE
from tests.wellness.access.cast import KNOWN, Cast, Player, cast
from tests.wellness.access.likeness import Seen, seen
from tests.wellness.access.routes import OTHER, Route, routes

FILE = Path(__file__).with_name("matrix.csv")
HOW_TO = (
    "Look at what changed and, if it is meant, write the matrix anew: "
    "UPDATE_MATRIX=1 (or =new, for routes without a row) "
    ".venv/bin/python -m pytest -n 0 tests/wellness/access/test_access_matrix.py; "
    "then read the difference of matrix.csv line by line, for whatever is in it is allowed from then on."
)
WHOLE = "-"
MOVING = re.compile(r"audit|session")  # who looked, and that a session was used
WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)

# Who is asked unless everybody is (MATRIX=full): there the same lines answer others as one of these.
FEW = {
    ("accounts/", "_allauth/", "admin/"): (
        "anonymous",
        "newcomer",
        "participant",
        "administrator",
        "operator",
    ),
    ("app/",): ("anonymous", "newcomer", "participant", "withdrawn participant", "administrator"),
    ("api/", ".well-known/"): ("anonymous", "participant", "device", "withdrawn device", "revoked device"),
}

UNHEARD = {"anonymous", "participant", "coordinator", "device"}  # who tries what a view has no answer to

Place = tuple[str, str, str]  # route, relation to the object, method
Matrix = dict[Place, dict[str, str]]  # the answer by role


def relations(route: Route, cast: Cast) -> Iterator[tuple[str, str]]:
    """Each relation in which a route's object may stand, and that object's address."""
    if not route.names:
        yield WHOLE, route.filled({})
        return
    here = [cast.objects[name] for name in route.names if name != "slug"] or [cast.objects["slug"]]
    for relation in PEOPLE:
        if all(relation in objects for objects in here):
            values = {name: _named(name, relation, cast, len(route.names)) for name in route.names}
            yield relation, route.filled(values)


def _named(name: str, relation: str, cast: Cast, n_names: int) -> str:
    """The object in that relation; whoever is asked for inside a study is asked for inside one's own."""
    return cast.objects[name][OWN if name == "slug" and n_names > 1 else relation]


def asked(
    player: Player, method: str, path: str, said: Mapping[str, object]
) -> tuple[HttpResponseBase, set[str]]:
    """The answer to a request whose consequences are undone, and the tables it wrote to.

    Nobody has asked too often before it. What is written to the record, and of a session, does not count.
    """
    counts.clear()
    with transaction.atomic():
        with written() as tables:
            response = player.ask(method.removeprefix(OTHER), path, said)
        transaction.set_rollback(True)
    return response, tables


@contextmanager
def written() -> Iterator[set[str]]:
    """The tables that statements write to meanwhile, but for who looked and that a session was used."""
    tables: set[str] = set()

    def note(run: Callable[..., object], sql: str, *rest: object) -> object:
        table = WRITES.match(sql)
        if table and not MOVING.search(table[1]):
            tables.add(table[1])
        return run(sql, *rest)

    with connection.execute_wrapper(note):
        yield tables


@dataclass(frozen=True)
class Walk:
    """What everybody was answered everywhere.

    `told_apart` are objects that somebody could tell from none; `wrote` says which request, by method, route
    and role, wrote to which tables.
    """

    answers: Matrix
    told_apart: list[tuple[str, str, str, str]]
    wrote: list[tuple[str, str, str, set[str]]]
    n_compared: int


def asking(route: Route, method: str, cast_: Cast, *, full: bool) -> dict[str, Player]:
    """Who is asked to try a route with a method."""
    some = _asking(route, cast_, full=full)
    heard = full or not method.startswith(OTHER)
    return some if heard else {role: player for role, player in some.items() if role in UNHEARD}


def _asking(route: Route, cast_: Cast, *, full: bool) -> dict[str, Player]:
    for prefixes, roles in FEW.items():
        if route.path.startswith(prefixes) and not full:
            return {role: player for role, player in cast_.players.items() if role in roles}
    pages = {role: player for role, player in cast_.players.items() if not role.endswith("ed device")}
    return cast_.players if full else pages


def walk(*, full: bool, only: frozenset[str] | None = None) -> Walk:
    """Every route, or those only, with every method in the roles for every object."""
    cast_, found, told_apart, wrote, n_compared = cast(), {}, [], [], 0
    logging.disable(logging.CRITICAL)  # a line for each refusal
    for route in (route for route in routes() if only is None or route.path in only):
        assert set(route.names) <= cast_.objects.keys(), f"{route.path}: name its objects in belongings.py"
        said, paths = cast_.said.get(route.path, {}), dict(relations(route, cast_))
        players = {method: asking(route, method, cast_, full=full) for method in route.methods}
        tries = [(method, *one) for method, some in players.items() for one in some.items()]
        for method, role, player in tries:
            seen_, tables = _looked(player, method, paths, said)
            wrote += [(method, route.path, role, tables)] if tables else []
            for relation, one in seen_.items():
                found.setdefault((route.path, relation, method), {})[role] = one.answer
                if route.names and (relation not in KNOWN.get(role, set()) or one.answer == "404"):
                    n_compared += 1
                    if one != seen_[NONEXISTENT]:
                        told_apart.append((route.path, method, role, relation))
    logging.disable(logging.NOTSET)
    order = {place: found[place] for place in sorted(found, key=lambda place: place[0])}
    return Walk(order, told_apart, wrote, n_compared)


def _looked(
    player: Player, method: str, paths: Mapping[str, str], said: Mapping[str, object]
) -> tuple[dict[str, Seen], set[str]]:
    """What somebody sees of an object in each relation, and the tables that asking wrote to."""
    answers = {relation: (path, *asked(player, method, path, said)) for relation, path in paths.items()}
    found = {relation: seen(response, path) for relation, (path, response, _) in answers.items()}
    return found, set().union(*(tables for _, _, tables in answers.values()))


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
    """Every cell that was asked for and is not as agreed, in words."""
    for place in [*agreed, *(place for place in found if place not in agreed)]:
        before, now = agreed.get(place, {}), found.get(place, {})
        for role in now or before:
            if before.get(role) != now.get(role):
                yield f"{' '.join(place)} as {role}: agreed {before.get(role)}, answered {now.get(role)}"
