"""Every address of the site, as the URL configuration has it, and which methods it is asked with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OTHER = "other:"  # before a method that stands for all that a view has no answer to
_NAMED = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True)
class Route:
    """One address with the names of what is variable in it."""

    path: str
    names: tuple[str, ...]
    methods: tuple[str, ...]

    def filled(self, values: Mapping[str, str]) -> str:
        """The address of one object."""
        return "/" + _NAMED.sub(lambda found: values[found[1] or found[2]], self.path)


def routes() -> list[Route]:
    """Every route, in order of its path; one that is hidden behind another of the same path counts once."""
    found: dict[str, Route] = {}
    for path, view in _walk(get_resolver()):
        names = tuple(one or other for one, other in _NAMED.findall(path))
        found.setdefault(path, Route(path, names, _methods(view)))
    return [found[path] for path in sorted(found)]


def _walk(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    for one in resolver.url_patterns:
        path = before + re.sub(r"^\^|\\Z$|\$$", "", str(one.pattern))
        if isinstance(one, URLResolver):
            yield from _walk(one, path)
        elif isinstance(one, URLPattern):
            yield path, one.callback


def _methods(view: Any) -> tuple[str, ...]:
    """Those that the view has an answer to, and one that stands for all others, DELETE first."""
    made = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if made is None:
        return METHODS
    own = [method for method in METHODS if hasattr(made, method.lower())]
    if hasattr(made, "head") and "GET" not in own:
        own.append("HEAD")
    other = next((method for method in reversed(METHODS) if method not in own), None)
    return (*own, *([OTHER + other] if other else []))
