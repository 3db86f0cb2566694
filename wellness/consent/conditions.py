"""What must hold for a yes to count: a document in force that offers it, and somebody who may give it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from wellness.accounts.models import User
from wellness.consent.differences import terms_of
from wellness.consent.documents import APPROVERS, document_digest
from wellness.consent.events import GRANTING, Period, party_of
from wellness.consent.majority import age_at, majority_at
from wellness.consent.models import Action, Capacity, ConsentDocument, ConsentEvent, Party
from wellness.consent.purposes import Scope
from wellness.lib.clock import to_us
from wellness.lib.refusal import Refusal
from wellness.studies.models import GONE, Device, Enrollment, Membership, Phase, Study

PROXIES = (Capacity.PARENT, Capacity.GUARDIAN, Capacity.REPRESENTATIVE)
CAPACITIES: Mapping[str, tuple[str, ...]] = {
    ConsentDocument.Audience.ADULT: (Capacity.SELF, Capacity.STAFF),
    ConsentDocument.Audience.GUARDIAN: (Capacity.PARENT, Capacity.GUARDIAN, Capacity.STAFF),
    ConsentDocument.Audience.ASSENT: (Capacity.ASSENT, Capacity.STAFF),
    ConsentDocument.Audience.REPRESENTATIVE: (Capacity.REPRESENTATIVE, Capacity.STAFF),
}


def require_grant(
    person: Enrollment, event: ConsentEvent, agreed: Sequence[Scope], before: Sequence[Period]
) -> None:
    """Refusal unless the event, not saved yet, may grant all that to who held `before`."""
    document, now = event.document, event.at
    require_open(person, now)
    require_in_force(person, document, now)
    _require_signer(person, event)
    require_offered(person, document, agreed, before, now)
    _require_granting(event, agreed, before)


def require_open(person: Enrollment, now: datetime) -> None:
    """Refusal when the person's part in the study has ended, or rests."""
    ended_at = person.study.ended_at
    if person.phase in (Phase.COMPLETED, *GONE) or (ended_at and ended_at <= now):
        raise Refusal("enrollment_ended", "This part in the study has ended.", status=409)
    if person.phase == Phase.PAUSED:
        raise Refusal("paused", "You have paused. Resume first, then change what you agree to.", status=409)


def require_in_force(person: Enrollment, document: ConsentDocument, now: datetime) -> None:
    """Refusal unless the document is of this study, published, unaltered and in force."""
    if document.study_id != person.study_id:
        raise Refusal("document_elsewhere", "That document belongs to another study.", field="document")
    effective = document.effective_from is not None and document.effective_from <= now
    if document.state != ConsentDocument.State.PUBLISHED or not effective:
        raise Refusal("document_not_in_force", "That version is not in force.", status=409, field="document")
    if document_digest(document) != document.body_sha256:
        raise Refusal("document_altered", "That document was altered.", status=409, field="document")


def require_offered(
    person: Enrollment,
    document: ConsentDocument,
    agreed: Sequence[Scope],
    held: Iterable[Period],
    now: datetime,
) -> None:
    """Refusal unless the document offers all that, at the person's age, and nothing needed is left out."""
    offered = terms_of(document)
    if not agreed or not set(agreed) <= offered.keys():
        raise Refusal("scope_not_offered", "The document does not offer that.", field="scopes")
    needed = {scope for scope, (required, *_) in offered.items() if required}
    party = party_of(document)
    if not needed <= {one.scope for one in held if one.party == party} | set(agreed):
        raise Refusal("required_scope_missing", "Taking part needs what is marked required.", field="scopes")
    least = max(offered[scope][3] for scope in agreed)
    if least and age_at(person, now) < least:
        raise Refusal("too_young", f"That may be agreed to from the age of {least}.", field="scopes")


def _require_granting(event: ConsentEvent, agreed: Iterable[Scope], before: Iterable[Period]) -> None:
    """Refusal of an act that grants nothing, reaffirms what was not given, or covers what is to come."""
    if event.action not in GRANTING:
        raise Refusal("unknown_action", f"{event.action} does not grant anything.")
    if event.action == Action.REAFFIRM and not set(agreed) <= {one.scope for one in before}:
        raise Refusal("nothing_to_reaffirm", "Only what is agreed to already is reaffirmed.", field="scopes")
    if event.covers_from is not None and event.covers_from > event.at:
        raise Refusal("covers_future", "A grant covers data from now on or earlier.", field="covers_from")


def _require_signer(person: Enrollment, event: ConsentEvent) -> None:
    """Refusal unless this is somebody whose yes the document asks for; staff act only on evidence."""
    capacity = Capacity(event.capacity)
    if capacity not in CAPACITIES[event.document.audience]:
        raise Refusal("capacity_of_other_document", "That document is not for you to sign.", field="capacity")
    if capacity == Capacity.STAFF:
        if not event.evidence:
            raise Refusal("evidence_missing", "Staff record what was signed on paper.", status=403)
    else:
        require_own(person, signer=event.signer, device=event.device, capacity=capacity)
    _require_age(person, event.document, event.at)


def require_own(
    person: Enrollment, *, signer: User | None, device: Device | None = None, capacity: str | None = None
) -> None:
    """Refusal to everyone but the person, on their account or phone, and who may sign for them.

    Without signer and device it is the server itself that acts, as for an import.
    """
    if device is not None and device.enrollment_id != person.pk:
        raise Refusal("not_yours", "That is for the person to decide.", status=403)
    by_proxy = capacity in PROXIES if capacity else signer is not None and signer.pk != person.user_id
    if by_proxy:
        proxy = proxy_of(person)
        named = proxy is not None and signer is not None and proxy.proxy_id == signer.pk
        if not named or (capacity and proxy and proxy.capacity != capacity):
            raise Refusal("not_yours", "That is for the person to decide.", status=403)
    elif signer is not None and signer.pk != person.user_id:
        raise Refusal("not_yours", "That is for the person to decide.", status=403)


def proxy_of(person: Enrollment) -> ConsentEvent | None:
    """The event that named who signs for the person now; None when nobody does."""
    changes = ConsentEvent.objects.filter(enrollment=person, action=Action.PROXY).order_by("-seq")
    last = changes.select_related("proxy").first()
    return last if last and last.proxy_id else None


def expiries(
    document: ConsentDocument, agreed: Sequence[Scope], now: datetime, until: datetime | None
) -> list[list[Any]]:
    """When what is agreed to ends by itself: after the days the document says, at `until` at the latest."""
    if until is not None and until <= now:
        raise Refusal("expired", "That agreement would be over already.", field="until")
    offered, found = terms_of(document), []
    for scope in agreed:
        days = offered[scope][4]
        ends = [at for at in (until, now + timedelta(days=days) if days else None) if at]
        if ends:
            found.append([*scope, to_us(min(ends))])
    return found


def _require_age(person: Enrollment, document: ConsentDocument, now: datetime) -> None:
    """Refusal when a child signs for themselves, or anyone signs for somebody who is of age."""
    came_of_age_at = majority_at(person)
    if document.audience == ConsentDocument.Audience.ADULT:
        if came_of_age_at is not None and now < came_of_age_at:
            raise Refusal("not_of_age", "Until you are of age, a guardian agrees with you.", status=403)
    elif party_of(document) != Party.SELF:
        if came_of_age_at is None:
            raise Refusal("birth_date_missing", "Whose guardian agrees has a birth date.", status=409)
        if came_of_age_at <= now:
            raise Refusal("of_age", "Who is of age agrees for themselves.", status=403)


def require_staff(person: Enrollment, user: User) -> None:
    """Refusal unless the user answers for the study at the person's site; a personal one has no staff."""
    there = Q(site=None) | Q(site=person.site_id)
    held = Membership.objects.filter(there, study=person.study, user=user, ended_at=None, role__in=APPROVERS)
    if person.study.kind != Study.Kind.PERSONAL and not held.exists():
        message = "That takes a coordinator or administrator of the study, for the person's site."
        raise Refusal("not_an_approver", message, status=403)
