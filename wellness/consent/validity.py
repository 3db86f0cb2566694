"""What a document must say before anyone may be asked to agree to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wellness.consent import modes
from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import INTERVENE, MODEL, POPULATION
from wellness.lib.refusal import Refusal

# What a person must be told before they can agree (GDPR 13; 45 CFR 46.116; Apple App Review 5.1.3).
SECTIONS = (
    "purposes",
    "duration",
    "procedures",
    "risks",
    "benefits",
    "confidentiality",
    "controller",
    "contact",
    "recipients",
    "retention",
    "transfers",
    "rights",
    "automated_decisions",
    "withdrawal",
)
AUTOMATED = frozenset({MODEL, POPULATION, INTERVENE})
_DENIAL = re.compile(
    r"\W*(none|no|nobody|not applicable|n/?a|nothing|there (is|are) no(ne)?)\b[^.]{0,60}\W*", re.IGNORECASE
)


@dataclass(frozen=True)
class Finding:
    """One thing that keeps a document from being published, and the sections that it is about."""

    message: str
    sections: tuple[str, ...] = ()


def findings(document: ConsentDocument) -> list[Finding]:
    """Everything that keeps a document from being published; nothing when it may be."""
    body = {str(name): text for name, text in document.body.items()}
    empty = tuple(name for name in SECTIONS if not _says_something(body.get(name)))
    unknown = tuple(sorted(set(body) - {*SECTIONS, modes.SECTION}))
    purposes = set(document.scopes.values_list("purpose", flat=True))
    found = []
    if empty:
        found.append(Finding(f"The document says nothing about: {', '.join(empty)}.", empty))
    if unknown:
        names = ", ".join(unknown)
        found.append(Finding(f"The document has sections that nobody knows: {names}.", unknown))
    if nameless := modes.unknown(body):
        message = f"There is no way to withdraw named: {', '.join(nameless)}."
        found.append(Finding(message, (modes.SECTION,)))
    if not purposes:
        found.append(Finding("The document has nothing to agree to."))
    if purposes & AUTOMATED and denies(str(body.get("automated_decisions") or "")):
        message = "The document offers models or suggestions and denies automated_decisions."
        found.append(Finding(message, ("automated_decisions",)))
    return found


def require_whole(document: ConsentDocument) -> None:
    """Refusal, saying all that is missing, of a document that may not be published."""
    if lacking := findings(document):
        raise Refusal("document_incomplete", " ".join(one.message for one in lacking))


def denies(text: str) -> bool:
    """A text that says only that there is no such thing."""
    return _DENIAL.fullmatch(text) is not None


def _says_something(text: object) -> bool:
    """A text with at least one letter or digit: spaces, invisible signs and dashes say nothing."""
    return isinstance(text, str) and any(sign.isalnum() for sign in text)
