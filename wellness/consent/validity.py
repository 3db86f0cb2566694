"""What a document must say before anyone may be asked to agree to it."""

from __future__ import annotations

import re

from wellness.consent import modes
from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import INTERVENE, MODEL, POPULATION

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
    r"\W*(none|no|not applicable|n/?a|nothing|there (is|are) no(ne)?)\b[^.]{0,60}\W*", re.IGNORECASE
)


def problems(document: ConsentDocument) -> list[str]:
    """Everything that keeps a document from being published, in words; nothing when it may be."""
    body = {str(name): text for name, text in document.body.items()}
    empty = [name for name in SECTIONS if not _says_something(body.get(name))]
    unknown = sorted(set(body) - {*SECTIONS, modes.SECTION})
    purposes = set(document.scopes.values_list("purpose", flat=True))
    found = []
    if empty:
        found.append(f"The document says nothing about: {', '.join(empty)}.")
    if unknown:
        found.append(f"The document has sections that nobody knows: {', '.join(unknown)}.")
    if nameless := modes.unknown(body):
        found.append(f"There is no way to withdraw named: {', '.join(nameless)}.")
    if not purposes:
        found.append("The document has nothing to agree to.")
    if purposes & AUTOMATED and _DENIAL.fullmatch(str(body.get("automated_decisions") or "")):
        found.append("The document offers models or suggestions and denies automated_decisions.")
    return found


def _says_something(text: object) -> bool:
    """A text with at least one letter or digit: spaces, invisible signs and dashes say nothing."""
    return isinstance(text, str) and any(sign.isalnum() for sign in text)
