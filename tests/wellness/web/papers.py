"""The pages of consent documents: their addresses, their forms and what they say."""

from typing import Any

from django.test import Client

from wellness.consent.documents import document_digest
from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import CONSENT_STREAMS

LIST = "/console/harbour/consent/"
SWITCHES = ("gps", True), ("steps", False)  # of what version 1 asks to collect, and whether it is needed


def page(document: ConsentDocument, rest: str = "") -> str:
    return f"{LIST}{document.public_id}/{rest}"


def text(document: ConsentDocument, **changes: Any) -> dict[str, Any]:
    """The form of a text as the page has it, with changes."""
    said = {"change": document.change, "grace_days": document.grace_days, **document.body}
    return said | {"sha256": document_digest(document)} | changes


def switches(document: ConsentDocument, **changes: str) -> dict[str, str]:
    """The form of the switches for collecting: none but those that changes name."""
    fields = {f"stream-{name}": "no" for name in CONSENT_STREAMS}
    return fields | {"min_age": "0", "sha256": document_digest(document)} | changes


def act(client: Client, document: ConsentDocument, name: str, sha256: str | None = None) -> str:
    """What the page says after an act on what the document says now."""
    digest = document_digest(document) if sha256 is None else sha256
    answer = client.post(page(document), {"act": name, "sha256": digest}, follow=True)
    return " ".join(answer.content.decode().split())
