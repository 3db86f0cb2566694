"""Publishing: a document comes into force once and for all, and goes out of it."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction

from wellness.accounts.models import User
from wellness.consent.approvals import require_approvals
from wellness.consent.differences import diff
from wellness.consent.documents import document_digest, locked_draft, record_act, require_author
from wellness.consent.endings import announce
from wellness.consent.models import ConsentAgenda, ConsentDocument, ConsentState
from wellness.consent.validity import require_whole
from wellness.lib.refusal import Refusal


@transaction.atomic
def publish(
    *, document: ConsentDocument, now: datetime, publisher: User | None = None, sha256: str | None = None
) -> ConsentDocument:
    """The document in force from now on; the version before it is retired. Refusal says what it lacks.

    Whoever agreed to the version before is asked again after a material change, not after an editorial one.
    """
    document = locked_draft(document, sha256)
    if publisher is not None:
        require_author(document.study, publisher)
    require_whole(document)
    before = in_force(document).select_for_update().first()
    _require_honest_change(before, document)
    require_approvals(document)
    if before is not None:
        ConsentDocument.objects.filter(pk=before.pk).update(state=ConsentDocument.State.RETIRED)
    document.state, document.effective_from = ConsentDocument.State.PUBLISHED, now
    document.body_sha256, document.supersedes = document_digest(document), before or document.supersedes
    document.save(update_fields=["state", "effective_from", "body_sha256", "supersedes"])
    record_act("publish", document, publisher, document.body_sha256, now)
    if document.change == ConsentDocument.Change.MATERIAL:
        _ask_again(document, before, now)
    return document


@transaction.atomic
def retire(*, document: ConsentDocument, by: User, now: datetime) -> ConsentDocument:
    """The document is offered to nobody any more; what people agreed to in it holds until they withdraw."""
    found = ConsentDocument.objects.select_for_update(of=("self",)).select_related("study")
    document = found.get(pk=document.pk)
    require_author(document.study, by)
    if document.state != ConsentDocument.State.PUBLISHED:
        raise Refusal("not_in_force", "Only a document in force can be retired.", status=409)
    document.state = ConsentDocument.State.RETIRED
    document.save(update_fields=["state"])
    record_act("retire", document, by, document.body_sha256, now)
    return document


def in_force(document: ConsentDocument) -> models.QuerySet[ConsentDocument]:
    """The published document that this one takes the place of, or is; none before the first."""
    return ConsentDocument.objects.filter(
        study=document.study,
        audience=document.audience,
        locale=document.locale,
        state=ConsentDocument.State.PUBLISHED,
    )


def _require_honest_change(before: ConsentDocument | None, document: ConsentDocument) -> None:
    """Refusal of an editorial version that people would have to agree to anew."""
    if document.change == ConsentDocument.Change.MATERIAL:
        return
    if before is None:
        raise Refusal("editorial_first", "A first version is no editorial change.", field="change")
    if diff(before, document).of_scopes:
        raise Refusal("editorial_changes_scopes", "An editorial change alters no switch.", field="change")


def _ask_again(document: ConsentDocument, before: ConsentDocument | None, now: datetime) -> None:
    """End what changed, at once, and have a worker look at everyone who agreed to an earlier version."""
    earlier = ConsentDocument.objects.filter(
        study=document.study, audience=document.audience, locale=document.locale
    ).exclude(pk=document.pk)
    held = ConsentState.objects.held().filter(document__in=earlier)
    known = earlier.filter(pk__in=held.values("document"))
    # The one before even if nobody holds it: somebody may be agreeing to it at this very moment.
    announce(document, {*known, before} if before else known, now)
    ConsentAgenda.objects.call(held.values_list("enrollment", flat=True).distinct(), now)
