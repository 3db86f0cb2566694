"""Documents: drafted from what the last one said, and revised until they are published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from wellness.accounts.models import User
from wellness.audit.services import SERVICE, SYSTEM_CHAIN, record
from wellness.consent.differences import terms_of
from wellness.consent.models import ConsentDocument, ConsentScope
from wellness.consent.models.document import GRACE_DAYS
from wellness.consent.purposes import expand
from wellness.lib.canonical import digest
from wellness.lib.refusal import Refusal
from wellness.studies.models import Membership, Role, Study

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
    by: User | None = None,
) -> ConsentDocument:
    """The next version of a study's document, as a draft; `scopes` are (purpose, stream, required)."""
    _require_short(grace_days)
    if by is not None:
        require_author(study, by)
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
    record_act("draft", document, by, document_digest(document))
    return document


@transaction.atomic
def draft_next(*, study: Study, audience: str, locale: str, by: User) -> ConsentDocument:
    """A draft that says what the last version says; the first one of a line what the study's latest says.

    Refusal while there is a draft already: of two, one would be published over the other.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    known = ConsentDocument.objects.filter(study=study)
    last = known.filter(audience=audience, locale=locale).order_by("-version").first()
    if last and last.state == ConsentDocument.State.DRAFT:
        raise Refusal(
            "draft_exists", f"Version {last.version} is a draft already; go on with it.", status=409
        )
    like = last or known.order_by("-created_at", "-pk").first()
    return draft_document(
        study=study,
        body=like.body if like else {},
        scopes=scopes_of(like) if like else [],
        terms=terms_by_purpose(like) if like else {},
        locale=locale,
        audience=audience,
        by=by,
    )


@transaction.atomic
def revise(
    *,
    document: ConsentDocument,
    body: Mapping[str, str] | None = None,
    scopes: Iterable[tuple[str, str, bool]] | None = None,
    terms: Mapping[str, Terms] | None = None,
    change: str | None = None,
    grace_days: int | None = None,
    by: User | None = None,
    sha256: str | None = None,
) -> ConsentDocument:
    """The draft with what is given in the place of what it said; earlier approvals count no more.

    `sha256` is of the draft that the change was made to: Refusal when somebody else changed it since.
    """
    document = locked_draft(document, sha256)
    if by is not None:
        require_author(document.study, by)
    if grace_days is not None:
        _require_short(grace_days)
        document.grace_days = grace_days
    if change is not None:
        document.change = ConsentDocument.Change(change)
    if body is not None:
        document.body = dict(body)
    document.save(update_fields=["body", "change", "grace_days"])
    if scopes is not None:
        document.scopes.all().delete()
        _offer(document, scopes, terms or {})
    record_act("revise", document, by, document_digest(document))
    return document


def scopes_of(document: ConsentDocument) -> list[tuple[str, str, bool]]:
    """The switches of a document, as they are drafted: (purpose, stream, required)."""
    return [(purpose, stream, required) for (purpose, stream), (required, *_) in terms_of(document).items()]


def terms_by_purpose(document: ConsentDocument) -> dict[str, Terms]:
    """The terms of each purpose that a document offers."""
    return {
        purpose: Terms(retention_days, recipients, min_age, valid_days)
        for (purpose, _), (_, retention_days, recipients, min_age, valid_days) in terms_of(document).items()
    }


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


def locked_draft(document: ConsentDocument, sha256: str | None = None) -> ConsentDocument:
    """The draft under its lock; Refusal when it is none any more, or is not what `sha256` says was read."""
    found = ConsentDocument.objects.select_for_update(of=("self",)).select_related("study")
    document = found.get(pk=document.pk)
    if document.state != ConsentDocument.State.DRAFT:
        raise Refusal("not_a_draft", "Only a draft can be changed; draft a new version.", status=409)
    if sha256 is not None and sha256 != document_digest(document):
        message = "Somebody changed the draft since you opened it. Look at it again."
        raise Refusal("draft_changed", message, status=409, field="sha256")
    return document


def answerable(study: Study) -> QuerySet[Membership]:
    """Who answers for the whole study now: for its documents the role at one site is not enough."""
    return Membership.objects.filter(study=study, site=None, ended_at=None, role__in=APPROVERS)


def require_author(study: Study, user: User) -> None:
    """Refusal unless the user answers for the whole study; a personal one has no staff, only its owner."""
    if study.kind != Study.Kind.PERSONAL and not answerable(study).filter(user=user).exists():
        message = "That takes a coordinator or administrator of the whole study."
        raise Refusal("not_an_approver", message, status=403)


def record_act(
    verb: str, document: ConsentDocument, user: User | None, sha256: str, at: datetime | None = None
) -> None:
    """Put on record who did what to which text."""
    record(
        chain=SYSTEM_CHAIN,
        actor=user.actor if user else SERVICE,
        action=f"consent_document.{verb}",
        object=f"consent_document:{document.public_id}",
        reason=f"sha256 {sha256}",
        at=at,
    )


def _require_short(grace_days: int) -> None:
    if not 0 <= grace_days <= GRACE_DAYS:
        raise Refusal("grace_too_long", f"Grace is {GRACE_DAYS} days at most.", field="grace_days")


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
