"""Founding the demo study: its staff, its documents, its people with their consent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coach.decisions.services import publish_rule
from coach.library.services import load_library
from phenotyping.simulation.person import Person
from phenotyping.surveys.instruments import load_instruments
from wellness.accounts.factors import enrol_authenticator_app
from wellness.accounts.models import User
from wellness.consent.approvals import approve
from wellness.consent.documents import draft_document
from wellness.consent.models import ConsentDocument
from wellness.consent.publishing import publish
from wellness.consent.services import grant
from wellness.demo.script import (
    AGREED,
    CONSENT_TEXT,
    DECLINED_BY_SOME,
    FACTOR_SEED,
    NAME,
    PASSWORD,
    PROTOCOL,
    RULE,
    SLUG,
)
from wellness.studies.models import Enrollment, Role, Site, Study
from wellness.studies.services import add_member, add_site, create_study, enroll, invite, publish_protocol

STAFF = {
    "clinician": Role.CLINICIAN,
    "coordinator": Role.COORDINATOR,
    "administrator": Role.ADMINISTRATOR,
    "analyst": Role.ANALYST,
    "auditor": Role.AUDITOR,
}
APPROVERS = ("coordinator", "administrator")
EVERY_SO_MANY_DECLINE = 5


@dataclass(frozen=True)
class Joined:
    """One synthetic person, their enrollment and the code that registers their phone."""

    person: Person
    enrollment_id: int
    email: str
    invitation: str


def found(people: Sequence[Person], *, starts_at: datetime, now: datetime) -> list[Joined]:
    """The study with everyone enrolled and agreed since `starts_at`; invitations hold from now."""
    load_library(now=starts_at)
    load_instruments()
    study = create_study(slug=SLUG, name=NAME, target_n=len(people))
    site = add_site(study=study, slug="north", name="North clinic")
    staff = {name: _member(study, site, name, role) for name, role in STAFF.items()}
    document = _document(study, [staff[name] for name in APPROVERS], starts_at)
    publish_protocol(study=study, body=PROTOCOL, now=starts_at)
    return [
        _join(study, site, document, person, n=n, starts_at=starts_at, now=now)
        for n, person in enumerate(people)
    ]


def start_coaching(*, now: datetime) -> None:
    """From now on the demo study decides: the baseline is over."""
    publish_rule(study=Study.objects.get(slug=SLUG), body=RULE, now=now)


def _member(study: Study, site: Site, name: str, role: Role) -> User:
    user = User.objects.create_user(f"{name}@demo.example", PASSWORD)
    enrol_authenticator_app(user, FACTOR_SEED)
    add_member(study=study, user=user, role=role, site=site if role == Role.CLINICIAN else None)
    return user


def _document(study: Study, approvers: Sequence[User], now: datetime) -> ConsentDocument:
    scopes = [(purpose, stream, False) for purpose, stream in AGREED]
    document = draft_document(study=study, body=CONSENT_TEXT, scopes=scopes)
    for approver in approvers:
        approve(document=document, approver=approver)
    return publish(document=document, now=now)


def _join(
    study: Study,
    site: Site,
    document: ConsentDocument,
    person: Person,
    *,
    n: int,
    starts_at: datetime,
    now: datetime,
) -> Joined:
    email = f"{person.code.lower()}@demo.example"
    user = User.objects.create_user(email, PASSWORD)
    enrollment: Enrollment = enroll(
        study=study, code=person.code, zone=person.zone, now=starts_at, user=user, site=site
    )
    declines = n % EVERY_SO_MANY_DECLINE == EVERY_SO_MANY_DECLINE - 1
    agreed = [scope for scope in AGREED if not (declines and scope[1] == DECLINED_BY_SOME)]
    grant(enrollment=enrollment, document=document, scopes=agreed, now=starts_at, signer=user)
    return Joined(person, enrollment.pk, email, invite(enrollment=enrollment, now=now))
