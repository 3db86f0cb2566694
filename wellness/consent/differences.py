"""What two versions of a document differ in: their sections and their switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import Scope

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


def _changes(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> tuple[tuple[Any, ...], ...]:
    added = tuple(sorted(new.keys() - old.keys()))
    removed = tuple(sorted(old.keys() - new.keys()))
    changed = tuple(sorted(name for name in new.keys() & old.keys() if new[name] != old[name]))
    return added, removed, changed
