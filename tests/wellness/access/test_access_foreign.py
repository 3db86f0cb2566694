"""Somebody else's object and one that never was are the same to whoever may not know of either."""

import re
from urllib.parse import quote

from django.http import HttpResponseBase

from tests.wellness.access import matrix
from tests.wellness.access.belongings import NONEXISTENT
from tests.wellness.access.cast import KNOWN, cast
from tests.wellness.access.routes import routes

# What differs from answer to answer, whoever asks for what.
TOKEN = re.compile(rb'(?<="X-CSRFToken": ")\w+|(?<=name="csrfmiddlewaretoken" value=")\w+')
ONE_OFF = {"X-Request-ID", "X-Request-Id", "Retry-After", "Set-Cookie"}


def seen(response: HttpResponseBase, path: str) -> tuple[int, dict[str, str], bytes]:
    """All that a client sees of an answer, without what is new in every one and the address it asked for."""
    quoted = quote(path, safe="")
    body = TOKEN.sub(b"", getattr(response, "content", b""))
    body = body.replace(path.encode(), b"").replace(quoted.encode(), b"")
    headers = {name: value.replace(path, "").replace(quoted, "") for name, value in response.items()}
    headers = {name: value for name, value in headers.items() if name not in ONE_OFF}
    headers["Content-Length"] = str(len(body))
    return response.status_code, headers, body


def test_foreign_and_nonexistent_are_indistinguishable(db: None) -> None:
    told_apart, compared, cast_ = [], 0, cast()
    for route in (route for route in routes() if route.names):
        paths = dict(matrix.relations(route, cast_))
        for role, player in cast_.players.items():
            for method in route.methods:
                answers = {}
                for relation, path in paths.items():
                    answers[relation] = seen(matrix.asked(player, method, path), path)
                for relation, answer in answers.items():
                    foreign = relation not in KNOWN.get(role, set())
                    if foreign or answer[0] == 404:
                        compared += 1
                        if answer != answers[NONEXISTENT]:
                            told_apart.append((route.path, method, role, relation))
    assert compared > 1_000
    assert told_apart == []
