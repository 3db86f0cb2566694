"""Approvals: asked for once a draft is whole, and given by two people to one text, which its digest names."""

from __future__ import annotations

from datetime import datetime

from django.core.mail import EmailMessage
from django.db import IntegrityError, models, transaction

from wellness.accounts.models import User
from wellness.consent.documents import answerable, document_digest, locked_draft, record_act, require_author
from wellness.consent.models import Approval, ApprovalRequest, ConsentDocument
from wellness.consent.validity import require_whole
from wellness.lib.refusal import Refusal
from wellness.studies.models import Study
from wellness.work.claims import LeaseLost
from wellness.work.tasks import wake

KIND = "consent_approval"
SUBJECT = "A consent document waits for your approval"


@transaction.atomic
def ask(*, document: ConsentDocument, by: User, now: datetime, sha256: str | None = None) -> ApprovalRequest:
    """Have all others who may approve be told of a draft as it stands; Refusal while it lacks something."""
    document = locked_draft(document, sha256)
    require_author(document.study, by)
    require_whole(document)
    digest = document_digest(document)
    request, is_new = ApprovalRequest.objects.get_or_create(
        document=document,
        document_sha256=digest,
        defaults={"asked_by": by, "asked_at": now, "run_after": now},
    )
    if not is_new:
        raise Refusal("already_asked", "Approval of this text was asked for already.", status=409)
    record_act("ask", document, by, digest, now)
    wake(KIND, request.pk)
    return request


@transaction.atomic
def approve(*, document: ConsentDocument, approver: User, sha256: str | None = None) -> Approval:
    """One person's approval of a draft as it stands; Refusal to who may not, or has approved it already.

    `sha256` is of what they read: nobody approves what was put there meanwhile.
    """
    document = locked_draft(document, sha256)
    require_author(document.study, approver)
    try:
        with transaction.atomic():
            approval = Approval.objects.create(
                document=document, approver=approver, document_sha256=document_digest(document)
            )
    except IntegrityError:
        raise Refusal("already_approved", "You have approved this document already.", status=409) from None
    record_act("approve", document, approver, approval.document_sha256)
    return approval


def counted(document: ConsentDocument) -> models.QuerySet[Approval]:
    """The approvals that count: of just this text, by people who still answer for the study."""
    given = document.approvals.filter(document_sha256=document.body_sha256 or document_digest(document))
    if document.state == ConsentDocument.State.DRAFT and document.study.kind != Study.Kind.PERSONAL:
        given = given.filter(approver__in=answerable(document.study).values("user"))
    return given.select_related("approver").order_by("at", "pk")


def needed(document: ConsentDocument) -> int:
    """How many people have to approve: two, or in a personal study its owner."""
    return 1 if document.study.kind == Study.Kind.PERSONAL else 2


def require_approvals(document: ConsentDocument) -> None:
    """Refusal unless enough people approved just this text and still answer for the study."""
    if counted(document).values("approver").distinct().count() < needed(document):
        raise Refusal("approvals_missing", f"The document needs {needed(document)} approvals.", status=409)


def tell(pk: int, fence: int, now: datetime) -> None:
    """Tell who may still approve that a draft waits: once, and nobody when the draft has changed since."""
    asked = ApprovalRequest.objects.select_related("document__study").get(pk=pk)
    document = asked.document
    waits = document.state == ConsentDocument.State.DRAFT
    body = (
        "Somebody of your study team asks you to read a consent document and to approve it.\n"
        f"Sign in and open /console/{document.study.slug}/consent/{document.public_id}/\n"
    )
    if waits and document_digest(document) == asked.document_sha256:
        for address in _waited_for(asked):  # each alone: nobody needs the others' addresses
            EmailMessage(SUBJECT, body, to=[address]).send()
    with transaction.atomic():
        told = ApprovalRequest.objects.filter(pk=pk, fence=fence, told_at=None).update(told_at=now)
        if told == 0 or not ApprovalRequest.objects.all().release(pk, fence):
            raise LeaseLost(f"{KIND} {pk}")


def _waited_for(asked: ApprovalRequest) -> list[str]:
    done = {one.approver_id for one in counted(asked.document)} | {asked.asked_by_id}
    held = answerable(asked.document.study).exclude(user__in=done)
    people = {one.user for one in held.select_related("user")}
    return sorted(one.email for one in people if one.is_active)
