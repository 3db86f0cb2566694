"""Documents: drafted, approved by two people, published, and from then on never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from wellness.accounts.models import User
from wellness.audit.services import SERVICE, SYSTEM_CHAIN, record
from wellness.consent.models import Approval, ConsentDocument, ConsentScope
from wellness.consent.purposes import expand
from wellness.lib.canonical import digest
from wellness.lib.refusal import Refusal
from wellness.studies.models import Study

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


@transaction.atomic
def draft_document(
    *,
    study: Study,
    body: Mapping[str, str],
    scopes: Iterable[tuple[str, str, bool]],
    locale: str = "en",
    audience: str = ConsentDocument.Audience.ADULT,
) -> ConsentDocument:
    """The next version of a study's document, as a draft; `scopes` are (purpose, stream, required)."""
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # versions are counted one writer at a time
    earlier = ConsentDocument.objects.filter(study=study, audience=audience, locale=locale)
    last = earlier.order_by("-version").first()
    document = ConsentDocument.objects.create(
        study=study,
        audience=ConsentDocument.Audience(audience),
        locale=locale,
        version=last.version + 1 if last else 1,
        supersedes=last,
        body=dict(body),
    )
    switches: dict[tuple[str, str], bool] = {}
    for purpose, stream, required in scopes:
        for scope in expand([(purpose, stream)]):
            switches[scope] = switches.get(scope, False) or required
    ConsentScope.objects.bulk_create(
        ConsentScope(document=document, purpose=purpose, stream=stream, required=required)
        for (purpose, stream), required in switches.items()
    )
    return document


def approve(*, document: ConsentDocument, approver: User) -> Approval:
    """One person's approval of a draft; Refusal when it is no draft or they have approved it already."""
    _require_draft(document)
    try:
        with transaction.atomic():
            return Approval.objects.create(document=document, approver=approver)
    except IntegrityError:
        raise Refusal("already_approved", "You have approved this document already.", status=409) from None


@transaction.atomic
def publish(*, document: ConsentDocument, now: datetime) -> ConsentDocument:
    """The document in force from now on; the version before it is retired. Refusal says what it lacks."""
    document = ConsentDocument.objects.select_for_update(of=("self",)).get(pk=document.pk)
    _require_draft(document)
    lacking = [section for section in SECTIONS if not str(document.body.get(section) or "").strip()]
    if lacking:
        raise Refusal("document_incomplete", f"The document says nothing about: {', '.join(lacking)}.")
    if not document.scopes.exists():
        raise Refusal("document_incomplete", "The document has nothing to agree to.")
    needed = 1 if document.study.kind == Study.Kind.PERSONAL else 2
    if document.approvals.count() < needed:
        raise Refusal("approvals_missing", f"The document needs {needed} approvals.", status=409)
    _retire_published(document)
    document.state, document.effective_from = ConsentDocument.State.PUBLISHED, now
    document.body_sha256 = document_digest(document)
    document.save(update_fields=["state", "effective_from", "body_sha256"])
    record(
        chain=SYSTEM_CHAIN,
        actor=SERVICE,
        action="consent_document.publish",
        object=f"consent_document:{document.public_id}",
        reason=f"sha256 {document.body_sha256}",
        at=now,
    )
    return document


def document_digest(document: ConsentDocument) -> str:
    """SHA-256 of what a person sees and can switch: text, audience, language, version and scopes."""
    scopes = document.scopes.order_by("purpose", "stream").values_list("purpose", "stream", "required")
    return digest(
        {
            "document": str(document.public_id),
            "audience": str(document.audience),
            "locale": document.locale,
            "version": document.version,
            "body": document.body,
            "scopes": sorted([list(scope) for scope in scopes]),
        }
    )


def _require_draft(document: ConsentDocument) -> None:
    if document.state != ConsentDocument.State.DRAFT:
        raise Refusal("not_a_draft", "Only a draft can be changed; draft a new version.", status=409)


def _retire_published(document: ConsentDocument) -> None:
    ConsentDocument.objects.filter(
        study=document.study,
        audience=document.audience,
        locale=document.locale,
        state=ConsentDocument.State.PUBLISHED,
    ).update(state=ConsentDocument.State.RETIRED)
