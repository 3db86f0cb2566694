"""What is new in a version of a document, for the eye: words of sections, and switches with their terms."""

from __future__ import annotations

from dataclasses import dataclass

from wellness.consent.differences import Difference, Piece, diff, words
from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import PURPOSES, Scope
from wellness.consent.wording import SECTION_TITLES
from wellness.web.coordinator.switches import in_words


@dataclass(frozen=True)
class Changed:
    """One section that reads otherwise."""

    title: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Comparison:
    """All that a version adds, removes and changes."""

    of_scopes: bool
    sections: tuple[Changed, ...]
    switches: tuple[tuple[str, str, tuple[str, ...]], ...]  # a kind, the purpose, the data

    @property
    def is_empty(self) -> bool:
        """Whether the two say the same."""
        return not self.sections and not self.switches


def comparison(old: ConsentDocument, new: ConsentDocument) -> Comparison:
    """What `new` says and offers otherwise than `old`."""
    found = diff(old, new)
    names = sorted({*found.sections_added, *found.sections_removed, *found.sections_changed})
    sections = (
        Changed(
            SECTION_TITLES.get(name, name.replace("_", " ")),
            tuple(words(str(old.body.get(name, "")), str(new.body.get(name, "")))),
        )
        for name in names
    )
    return Comparison(found.of_scopes, tuple(sections), tuple(_switches(found)))


def _switches(found: Difference) -> list[tuple[str, str, tuple[str, ...]]]:
    kinds = {
        "added": found.scopes_added,
        "removed": found.scopes_removed,
        "on other terms": found.scopes_changed,
    }
    return [(kind, *group) for kind, scopes in kinds.items() for group in _by_purpose(scopes)]


def _by_purpose(scopes: tuple[Scope, ...]) -> list[tuple[str, tuple[str, ...]]]:
    streams: dict[str, list[str]] = {}
    for purpose, stream in scopes:
        streams.setdefault(purpose, []).append(stream)
    return [(words_, in_words(streams[name])) for name, words_ in PURPOSES.items() if name in streams]
