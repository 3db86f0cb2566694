"""What two versions of a document differ in: their sections, their switches and the words of a section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import Scope

_WORDS = re.compile(r"\s+|[^\s]+")
Terms = tuple[bool, int | None, str, int, int | None]


@dataclass(frozen=True)
class Difference:
    """What was added, removed and changed from one version to another, in order of name."""

    sections_added: tuple[str, ...]
    sections_removed: tuple[str, ...]
    sections_changed: tuple[str, ...]
    scopes_added: tuple[Scope, ...]
    scopes_removed: tuple[Scope, ...]
    scopes_changed: tuple[Scope, ...]

    @property
    def of_scopes(self) -> bool:
        """Whether there is anything else to agree to, or on other terms."""
        return bool(self.scopes_added or self.scopes_removed or self.scopes_changed)


def diff(old: ConsentDocument, new: ConsentDocument) -> Difference:
    """What `new` adds, removes and changes; a switch changed when its terms did."""
    sections = _changes(old.body, new.body)
    scopes = _changes(terms_of(old), terms_of(new))
    return Difference(*sections, *scopes)


def terms_of(document: ConsentDocument) -> dict[Scope, Terms]:
    """The switches of a document: required, retention, recipients, least age, days until expiry."""
    rows = document.scopes.order_by("purpose", "stream").values_list(
        "purpose", "stream", "required", "retention_days", "recipients", "min_age", "valid_days"
    )
    return {(row[0], row[1]): row[2:] for row in rows}


@dataclass(frozen=True)
class Piece:
    """Some words of a text: "kept", "added" or "removed"."""

    kind: str
    text: str


def words(old: str, new: str) -> list[Piece]:
    """A text with what was removed from it and added to it, each word and each space a unit."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    pieces = []
    for tag, i, j, k, n in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("kept", "".join(before[i:j])))
            continue
        removed, added = "".join(before[i:j]), "".join(after[k:n])
        pieces += [Piece("removed", removed)] if removed else []
        pieces += [Piece("added", added)] if added else []
    return pieces


def _changes(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> tuple[tuple[Any, ...], ...]:
    added = tuple(sorted(new.keys() - old.keys()))
    removed = tuple(sorted(old.keys() - new.keys()))
    changed = tuple(sorted(name for name in new.keys() & old.keys() if new[name] != old[name]))
    return added, removed, changed
