"""The text of a consent document as it travels: what a person saw and could switch, without our ids."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from wellness.consent.differences import terms_of
from wellness.consent.documents import Terms, draft_document
from wellness.consent.models import ConsentDocument
from wellness.lib.canonical import canonical
from wellness.lib.refusal import Refusal
from wellness.studies.models import Study

JSON = "application/json"


def text_of(document: ConsentDocument) -> dict[str, Any]:
    """What a document says: two are the same to a person when this is equal."""
    return {
        "audience": str(document.audience),
        "locale": document.locale,
        "body": document.body,
        "scopes": [[*scope, *terms] for scope, terms in terms_of(document).items()],
    }


def attachment(document: ConsentDocument) -> dict[str, Any]:
    """The text as a FHIR Attachment; its `hash` is SHA-1 because R4 says so, and nothing here rests on it."""
    plain = canonical(text_of(document))
    return {
        "contentType": JSON,
        "language": document.locale,
        "url": f"urn:uuid:{document.public_id}",
        "title": f"Consent, version {document.version}",
        "data": base64.b64encode(plain).decode(),
        "size": len(plain),
        "hash": base64.b64encode(hashlib.sha1(plain, usedforsecurity=False).digest()).decode(),
    }


def same_text(study: Study, text: dict[str, Any]) -> ConsentDocument | None:
    """The study's document in force that says the same, if there is one."""
    published = study.consent_documents.filter(state=ConsentDocument.State.PUBLISHED)
    wanted = canonical(text)
    return next((one for one in published.order_by("-version") if canonical(text_of(one)) == wanted), None)


def draft_text(study: Study, text: dict[str, Any]) -> ConsentDocument:
    """A draft with a text that came from elsewhere, for the study's people to approve."""
    try:
        terms = {
            purpose: Terms(days, recipients, least_age, valid_days)
            for purpose, _, _, days, recipients, least_age, valid_days in text["scopes"]
        }
        drafted = draft_document(
            study=study,
            body=text["body"],
            scopes=[(purpose, stream, required) for purpose, stream, required, *_ in text["scopes"]],
            terms=terms,
            locale=text["locale"],
            audience=text["audience"],
        )
    except (KeyError, TypeError, ValueError):
        raise Refusal("consent_unreadable", "The text of the consent cannot be read.") from None
    if text_of(drafted) != text:
        raise Refusal("consent_unmapped", "The text of the consent has terms that cannot be kept here.")
    return drafted
