"""Documents: drafted, approved by two people, published, and from then on never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from wellness.accounts.models import User
from wellness.audit.models import ActorKind
from wellness.audit.services import SERVICE, SYSTEM_CHAIN, Actor, record
from wellness.consent.differences import diff, terms_of
from wellness.consent.models import (
    Approval,
    ConsentAgenda,
    ConsentDocument,
    ConsentScope,
    ConsentState,
)
from wellness.consent.models.document import GRACE_DAYS
from wellness.consent.purposes import expand
from wellness.consent.validity import SECTIONS, problems
from wellness.lib.canonical import digest
from wellness.lib.refusal import Refusal
from wellness.studies.models import Membership, Role, Study

__all__ = [
    "SECTIONS",
    "Terms",
    "approve",
    "document_digest",
    "draft_document",
    "publish",
    "require_staff",
    "revise",
]
APPROVERS = (Role.COORDINATOR, Role.ADMINISTRATOR)
_PLAIN = (None, "", 0, None)


@dataclass(frozen=True)
class Terms:
    """What a person agrees to beside the purpose itself, the same for every stream."""

    retention_days: int | None = None
    recipients: str = ""
    min_age: int = 0
    valid_days: int | None = None


@transaction.atomic
def draft_document(
    *,
    study: Study,
    body: Mapping[str, str],
    scopes: Iterable[tuple[str, str, bool]],
    terms: Mapping[str, Terms] | None = None,
    locale: str = "en",
    audience: str = ConsentDocument.Audience.ADULT,
    change: str = ConsentDocument.Change.MATERIAL,
    grace_days: int = GRACE_DAYS,
) -> ConsentDocument:
    """The next version of a study's document, as a draft; `scopes` are (purpose, stream, required)."""
    if not 0 <= grace_days <= GRACE_DAYS:
        raise Refusal("grace_too_long", f"Grace is {GRACE_DAYS} days at most.", field="grace_days")
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # versions are counted one writer at a time
    earlier = ConsentDocument.objects.filter(study=study, audience=audience, locale=locale)
    last = earlier.order_by("-version").first()
    document = ConsentDocument.objects.create(
        study=study,
        audience=ConsentDocument.Audience(audience),
        locale=locale,
        version=last.version + 1 if last else 1,
        supersedes=earlier.exclude(state=ConsentDocument.State.DRAFT).order_by("-version").first(),
        change=ConsentDocument.Change(change),
        grace_days=grace_days,
        body=dict(body),
    )
    _offer(document, scopes, terms or {})
    return document


@transaction.atomic
def revise(
    *,
    document: ConsentDocument,
    body: Mapping[str, str],
    scopes: Iterable[tuple[str, str, bool]],
    terms: Mapping[str, Terms] | None = None,
) -> ConsentDocument:
    """The draft with another text and other switches; approvals of what it said before count no more."""
    document = _locked_draft(document)
    document.body = dict(body)
    document.save(update_fields=["body"])
    document.scopes.all().delete()
    _offer(document, scopes, terms or {})
    return document


@transaction.atomic
def approve(*, document: ConsentDocument, approver: User) -> Approval:
    """One person's approval of a draft as it stands; Refusal to who may not, or has approved it already."""
    document = _locked_draft(document)
    require_staff(document.study, approver)
    try:
        with transaction.atomic():
            approval = Approval.objects.create(
                document=document, approver=approver, document_sha256=document_digest(document)
            )
    except IntegrityError:
        raise Refusal("already_approved", "You have approved this document already.", status=409) from None
    _record("approve", document, approver, approval.document_sha256)
    return approval


@transaction.atomic
def publish(*, document: ConsentDocument, now: datetime, publisher: User | None = None) -> ConsentDocument:
    """The document in force from now on; the version before it is retired. Refusal says what it lacks.

    Whoever agreed to the version before is asked again after a material change, not after an editorial one.
    """
    document = _locked_draft(document)
    if publisher is not None:
        require_staff(document.study, publisher)
    lacking = problems(document)
    if lacking:
        raise Refusal("document_incomplete", " ".join(lacking))
    before = _in_force(document)
    _require_honest_change(before, document)
    body_sha256 = document_digest(document)
    _require_approvals(document, body_sha256)
    if before is not None:
        ConsentDocument.objects.filter(pk=before.pk).update(state=ConsentDocument.State.RETIRED)
    document.state, document.effective_from = ConsentDocument.State.PUBLISHED, now
    document.body_sha256, document.supersedes = body_sha256, before or document.supersedes
    document.save(update_fields=["state", "effective_from", "body_sha256", "supersedes"])
    _record("publish", document, publisher, body_sha256, now)
    if document.change == ConsentDocument.Change.MATERIAL:
        _ask_again(document, now)
    return document


def document_digest(document: ConsentDocument) -> str:
    """SHA-256 of what a person sees and can switch: text, audience, language, version, scopes and terms."""
    terms = terms_of(document)
    fields = {
        "document": str(document.public_id),
        "audience": str(document.audience),
        "locale": document.locale,
        "version": document.version,
        "body": document.body,
        "scopes": sorted([*scope, required] for scope, (required, *_) in terms.items()),
    }
    special = {scope: rest for scope, (_, *rest) in terms.items() if tuple(rest) != _PLAIN}
    if special:
        fields["terms"] = sorted([*scope, *rest] for scope, rest in special.items())
    if document.change != ConsentDocument.Change.MATERIAL:
        fields["change"] = str(document.change)
    if document.grace_days != GRACE_DAYS:
        fields["grace_days"] = document.grace_days
    return digest(fields)


def _offer(
    document: ConsentDocument, scopes: Iterable[tuple[str, str, bool]], terms: Mapping[str, Terms]
) -> None:
    switches: dict[tuple[str, str], bool] = {}
    for purpose, stream, required in scopes:
        for scope in expand([(purpose, stream)]):
            switches[scope] = switches.get(scope, False) or required
    ConsentScope.objects.bulk_create(
        ConsentScope(
            document=document,
            purpose=purpose,
            stream=stream,
            required=required,
            **asdict(terms.get(purpose, Terms())),
        )
        for (purpose, stream), required in switches.items()
    )


def _locked_draft(document: ConsentDocument) -> ConsentDocument:
    found = ConsentDocument.objects.select_for_update(of=("self",)).select_related("study")
    document = found.get(pk=document.pk)
    if document.state != ConsentDocument.State.DRAFT:
        raise Refusal("not_a_draft", "Only a draft can be changed; draft a new version.", status=409)
    return document


def _in_force(document: ConsentDocument) -> ConsentDocument | None:
    """The published document that this one takes the place of."""
    line = ConsentDocument.objects.select_for_update().filter(
        study=document.study,
        audience=document.audience,
        locale=document.locale,
        state=ConsentDocument.State.PUBLISHED,
    )
    return line.first()


def require_staff(study: Study, user: User) -> None:
    """Refusal unless the user answers for the study; a personal one has no staff, only its owner."""
    held = Membership.objects.filter(study=study, user=user, ended_at=None, role__in=APPROVERS)
    if study.kind != Study.Kind.PERSONAL and not held.exists():
        raise Refusal(
            "not_an_approver", "That takes a coordinator or administrator of the study.", status=403
        )


def _require_approvals(document: ConsentDocument, body_sha256: str) -> None:
    """Refusal unless enough people approved just this text and still answer for the study."""
    needed = 1 if document.study.kind == Study.Kind.PERSONAL else 2
    approvals = document.approvals.filter(document_sha256=body_sha256)
    if document.study.kind != Study.Kind.PERSONAL:
        staff = Membership.objects.filter(study=document.study, ended_at=None, role__in=APPROVERS)
        approvals = approvals.filter(approver__in=staff.values("user"))
    if approvals.values("approver").distinct().count() < needed:
        raise Refusal("approvals_missing", f"The document needs {needed} approvals.", status=409)


def _require_honest_change(before: ConsentDocument | None, document: ConsentDocument) -> None:
    """Refusal of an editorial version that people would have to agree to anew."""
    if document.change == ConsentDocument.Change.MATERIAL:
        return
    if before is None:
        raise Refusal("editorial_first", "A first version is no editorial change.", field="change")
    if diff(before, document).of_scopes:
        raise Refusal("editorial_changes_scopes", "An editorial change alters no switch.", field="change")


def _ask_again(document: ConsentDocument, now: datetime) -> None:
    """Have a worker look at everyone who agreed to an earlier version of the document."""
    earlier = ConsentDocument.objects.filter(
        study=document.study, audience=document.audience, locale=document.locale
    ).exclude(pk=document.pk)
    held = ConsentState.objects.held().filter(document__in=earlier)
    ConsentAgenda.objects.call(held.values_list("enrollment", flat=True).distinct(), now)


def _record(
    verb: str, document: ConsentDocument, user: User | None, sha256: str, at: datetime | None = None
) -> None:
    record(
        chain=SYSTEM_CHAIN,
        actor=Actor(ActorKind.USER, str(user.public_id)) if user else SERVICE,
        action=f"consent_document.{verb}",
        object=f"consent_document:{document.public_id}",
        reason=f"sha256 {sha256}",
        at=at,
    )
