"""People who agreed to everything, and the tokens of their phones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wellness.accounts.models import User
from wellness.consent.approvals import approve
from wellness.consent.documents import draft_document
from wellness.consent.publishing import publish
from wellness.consent.purposes import CONSENT_STREAMS, PURPOSES
from wellness.consent.services import grant
from wellness.consent.validity import SECTIONS
from wellness.lib.ids import new_secret
from wellness.studies.models import Enrollment, Role
from wellness.studies.services import add_member, add_site, create_study, enroll, issue_device

EVERYTHING = [(purpose, stream) for purpose in PURPOSES for stream in CONSENT_STREAMS]
ZONE = "Europe/Helsinki"


@dataclass(frozen=True)
class Phone:
    """One person and the token that their phone uploads with."""

    enrollment: Enrollment
    token: str


def found(n: int, *, since: datetime) -> Sequence[Phone]:
    """That many people of one study, each with a phone, whose consent covers all from `since` on."""
    study = create_study(slug="bench", name="Bench", target_n=n)
    site = add_site(study=study, slug="north", name="North")
    document = draft_document(
        study=study,
        body={section: f"About {section}." for section in SECTIONS},
        scopes=[(*scope, False) for scope in EVERYTHING],
    )
    for name in ("first", "second"):
        approver = _user(name)
        add_member(study=study, user=approver, role=Role.COORDINATOR)
        approve(document=document, approver=approver)
    publish(document=document, now=since)
    phones = []
    for at in range(n):
        user = _user(f"person{at}")
        person = enroll(study=study, code=f"P{at:03}", zone=ZONE, now=since, user=user, site=site)
        grant(enrollment=person, document=document, scopes=EVERYTHING, now=since, signer=user)
        _, token = issue_device(enrollment=person, platform="android", now=since)
        phones.append(Phone(person, token))
    return phones


def _user(name: str) -> User:
    return User.objects.create_user(f"{name}@bench.example", new_secret())
