"""Agreement: the document of a study and a person's yes to all of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.factories.people import user
from tests.factories.studies import COVERED_FROM, JOINED_AT
from wellness.accounts.models import User
from wellness.consent.approvals import approve
from wellness.consent.documents import draft_document
from wellness.consent.models import ConsentDocument, ConsentEvent, RecipientNotice
from wellness.consent.modes import STOP
from wellness.consent.publishing import publish
from wellness.consent.purposes import COLLECT, CONSENT_STREAMS, PURPOSES
from wellness.consent.recipients import WITHIN
from wellness.consent.services import grant
from wellness.consent.validity import SECTIONS
from wellness.studies.models import Enrollment, Role, Study
from wellness.studies.services import add_member

EVERYTHING = tuple((purpose, stream) for purpose in PURPOSES for stream in CONSENT_STREAMS)


def consent_document(
    study: Study,
    now: datetime = JOINED_AT,
    scopes: Iterable[tuple[str, str, bool]] = tuple((*scope, False) for scope in EVERYTHING),
    **fields: Any,
) -> ConsentDocument:
    """The published document of a study: a switch, none of them required, for every purpose and stream."""
    body = {section: f"About {section}." for section in SECTIONS}
    document = draft_document(**{"study": study, "body": body, "scopes": scopes} | fields)
    for name in ("eva", "finn"):
        approve(document=document, approver=approver(study, name))
    return publish(document=document, now=now)


def agree_to_everything(enrollment: Enrollment, now: datetime = JOINED_AT) -> ConsentEvent:
    """The person's yes to every purpose for every stream, for data from COVERED_FROM on."""
    document = enrollment.study.consent_documents.first() or consent_document(enrollment.study, now)
    event = grant(
        enrollment=enrollment,
        document=document,
        scopes=EVERYTHING,
        now=now,
        covers_from=COVERED_FROM,
        signer=enrollment.user,
    )
    enrollment.refresh_from_db()
    return event


def recipient_notice(enrollment: Enrollment, now: datetime) -> RecipientNotice:
    """A recipient, in words only, who is to be told that the person withdrew."""
    return RecipientNotice.objects.create(
        study=enrollment.study,
        site=enrollment.site,
        enrollment=enrollment,
        recipient="Another university",
        pseudonym=enrollment.code,
        scopes=[[COLLECT, "gps"]],
        mode=STOP,
        withdrawn_at=now,
        due_at=now + WITHIN,
        run_after=now + WITHIN,
        by_hand=True,
    )


def approver(study: Study, name: str) -> User:
    """An administrator of the study, made where missing."""
    found = User.objects.filter(email=f"{name}@example.org").first() or user(name)
    if not found.memberships.filter(study=study, ended_at=None).exists():
        add_member(study=study, user=found, role=Role.ADMINISTRATOR)
    return found
