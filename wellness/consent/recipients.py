"""Recipients of a person's data, who have to be told of a withdrawal: made due in its transaction.

They are whom the documents that the person agreed to name at the switches concerned, and who took data; rooms
above say who that was. Clinicians are not told: what a person no longer shows them, the next request hides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from wellness.accounts.models import User
from wellness.audit.services import SERVICE, enrollment_chain, record
from wellness.consent.models import ConsentDocument, ConsentEvent, ConsentScope, ConsentState, RecipientNotice
from wellness.consent.modes import STOP
from wellness.consent.purposes import EXPORT_IDENTIFIED, GENAI, SHARE_CAREGIVER, SHARE_CLINICIAN, Scope
from wellness.consent.validity import denies
from wellness.studies.models import Enrollment, Study
from wellness.work.tasks import wake

KIND = "recipient"
WITHIN = timedelta(hours=72)
OUTSIDE = frozenset({SHARE_CAREGIVER, EXPORT_IDENTIFIED, GENAI})  # what leaves by other ways than a release
LONGEST = 200
_ADDRESS = re.compile(r"[^\s<>(),;:]+@[^\s<>(),;:]+")


@dataclass(frozen=True)
class Recipient:
    """Somebody who has, or may have, data of a person, and by which name of the person."""

    scopes: tuple[Scope, ...]
    named: str = ""
    user: User | None = None
    about: str = ""
    pseudonym: str = ""
    by_hand: bool = False


Named = dict[tuple[str, bool], set[Scope]]  # the words, and whether staff must tell them: what it is about
Takers = Callable[[Enrollment, frozenset[Scope]], Iterable[Recipient]]
_TAKERS: list[Takers] = []


def on_withdrawal(takers: Takers) -> None:
    """Have `takers(enrollment, scopes)` say who took data of a person under any of these scopes."""
    if takers not in _TAKERS:
        _TAKERS.append(takers)


def note(enrollment: Enrollment, event: ConsentEvent, revoked: frozenset[Scope]) -> None:
    """Everyone who has to be told of a withdrawal is due, within 72 hours; the caller holds the lock.

    Who leaves for good has all of what they ever agreed to forgotten, also by who was told of a part before.
    """
    ever = set(ConsentState.objects.filter(enrollment=enrollment).values_list("purpose", "stream"))
    concerned = frozenset(revoked if event.withdrawal_mode == STOP else ever)
    found = [*_named(enrollment, concerned)]
    for takers in _TAKERS:
        found += takers(enrollment, concerned)
    for one in found:
        _make_due(enrollment, event, one)


def address_of(notice: RecipientNotice) -> str:
    """Where a recipient is written to: at their account's address, or one that the document gives, or ""."""
    return notice.user.email if notice.user else _address_in(notice.recipient)


def _named(enrollment: Enrollment, concerned: frozenset[Scope]) -> Iterator[Recipient]:
    agreed = ConsentState.objects.filter(enrollment=enrollment).values("document")
    found: Named = {}
    for document in ConsentDocument.objects.filter(pk__in=agreed).order_by("pk"):
        named = _at_switches(document, concerned) or _in_section(document, concerned)
        for one, scopes in named.items():
            found.setdefault(one, set()).update(scopes)
    has_staff = enrollment.study.kind != Study.Kind.PERSONAL
    for (name, by_hand), scopes in found.items():
        if has_staff or not by_hand:
            yield Recipient(named=name, by_hand=by_hand, scopes=tuple(sorted(scopes)))


def _at_switches(document: ConsentDocument, concerned: frozenset[Scope]) -> Named:
    """Whom a document names at the switches, apart by ";", and whether they must be told by hand."""
    found: Named = {}
    rows = ConsentScope.objects.filter(document=document).exclude(purpose=SHARE_CLINICIAN)
    for purpose, stream, names in rows.values_list("purpose", "stream", "recipients"):
        if (purpose, stream) in concerned:
            for name in filter(None, (part.strip() for part in names.split(";"))):
                found.setdefault((name, not _address_in(name)), set()).add((purpose, stream))
    return found


def _in_section(document: ConsentDocument, concerned: frozenset[Scope]) -> Named:
    """What the section on recipients says, as it is: an address in it may be whom to ask, so staff tell."""
    outside = {scope for scope in concerned if scope[0] in OUTSIDE}
    section = " ".join(str(document.body.get("recipients") or "").split())
    return {(section[:LONGEST], True): outside} if outside and section and not denies(section) else {}


def _make_due(enrollment: Enrollment, event: ConsentEvent, one: Recipient) -> None:
    notice = RecipientNotice.objects.create(
        study=enrollment.study,
        site_id=enrollment.site_id,
        enrollment=enrollment,
        recipient=one.named,
        user=one.user,
        about=one.about,
        pseudonym=one.pseudonym or enrollment.code,
        scopes=[list(scope) for scope in one.scopes],
        mode=event.withdrawal_mode,
        withdrawn_at=event.at,
        due_at=event.at + WITHIN,
        run_after=event.at,
        by_hand=one.by_hand,
    )
    record(
        chain=enrollment_chain(enrollment.public_id),
        actor=SERVICE,
        action="recipient.due",
        object=f"recipient_notice:{notice.public_id}",
        at=event.at,
    )
    wake(KIND, notice.pk)


def _address_in(text: str) -> str:
    """The address in some words; "" for none, and for several, of which nobody knows whose they are."""
    found = [one.rstrip(".") for one in _ADDRESS.findall(text)]
    return found[0] if len(found) == 1 and _is_address(found[0]) else ""


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
