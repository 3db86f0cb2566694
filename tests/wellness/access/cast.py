"""Somebody in every role, and somebody's object in every relation to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone

from coach.safety.models import LeftAlert
from phenotyping.surveys.instruments import load_instruments
from tests import factories
from tests.wellness.access.belongings import (
    OTHER_SITE,
    OTHER_STUDY,
    OWN,
    UNASSIGNED,
    WITHDRAWN,
    belongings,
    meant,
)
from tests.wellness.web.conftest import add_days
from wellness.accounts.models import User
from wellness.consent.services import withdraw
from wellness.studies.models import Enrollment, Reach, Role
from wellness.studies.services import add_member, add_site, assign, enroll, issue_device, revoke_device

KNOWN = {  # whose existence a role may learn of; every other object is to it as one that never was
    "participant": {OWN},
    "device": {OWN},
    "withdrawn participant": {WITHDRAWN},
    "withdrawn device": {WITHDRAWN},
    "site clinician": {OWN, UNASSIGNED, WITHDRAWN},
    "caseload clinician": {OWN, WITHDRAWN},
    "coordinator": {OWN, UNASSIGNED, OTHER_SITE, WITHDRAWN},
    "site coordinator": {OWN, UNASSIGNED, WITHDRAWN},
    "site administrator": {OWN, UNASSIGNED, WITHDRAWN},
    "site analyst": set(),
    "regulator": {OWN},
    "administrator": {OWN, UNASSIGNED, OTHER_SITE, WITHDRAWN},
    "analyst": {OWN, UNASSIGNED, OTHER_SITE, WITHDRAWN},
    "auditor": {OWN, UNASSIGNED, OTHER_SITE, WITHDRAWN},
}


@dataclass
class Player:
    """Somebody who asks: with a browser of their own, or as a phone with its token."""

    user: User | None = None
    token: str = ""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    session: str = ""

    def sign_in(self) -> None:
        """Have a session from now on, where there is an account to sign in with."""
        if self.user is not None:
            EmailAddress.objects.create(user=self.user, email=self.user.email, verified=True, primary=True)
            self.client.force_login(self.user)
            self.session = self.client.cookies["sessionid"].value

    def ask(self, method: str, path: str, said: Mapping[str, object]) -> HttpResponseBase:
        """The answer to a request that says this, from a browser that remembers only its session."""
        self.client.cookies.clear()
        if self.session:
            self.client.cookies["sessionid"] = self.session
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method in {"GET", "HEAD"}:
            return self.client.generic(method, path, headers=headers)
        if path.startswith(("/api/", "/_allauth/")):
            kind, body = "application/json", json.dumps(said)
        else:
            kind, body = "application/x-www-form-urlencoded", urlencode(said)
        return self.client.generic(method, path, body, content_type=kind, headers=headers)


@dataclass(frozen=True)
class Cast:
    """Who asks, by role, and what for, by the name it has in addresses and by relation."""

    players: dict[str, Player]
    objects: dict[str, dict[str, str]]
    said: dict[str, dict[str, object]]  # by route: what a request says that means it; nothing elsewhere


def cast() -> Cast:
    """The whole cast, at work in one study, with others elsewhere."""
    load_instruments()
    people = _people()
    study = people[OWN].study
    phones = {
        name: issue_device(enrollment=one, platform="android", now=timezone.now())
        for name, one in people.items()
    }
    staff = {role: factories.staff(study, role, role) for role in Role.values if role != Role.CLINICIAN}
    objects = belongings(people, {name: phone for name, (phone, _) in phones.items()}, staff[Role.ANALYST])
    staff |= _clinicians(people, staff[Role.COORDINATOR])
    for role in (Role.COORDINATOR, Role.ADMINISTRATOR, Role.ANALYST):
        staff[f"site {role}"] = user = factories.user(f"site.{role}")
        add_member(study=study, user=user, role=role, site=people[OWN].site)
    withdraw(enrollment=people[WITHDRAWN], now=timezone.now())
    lost, lost_token = issue_device(enrollment=people[OWN], platform="ios", now=timezone.now())
    revoke_device(device=lost, now=timezone.now())
    players = {
        "anonymous": Player(),
        "newcomer": Player(factories.user("newcomer")),
        "participant": Player(people[OWN].user),
        "withdrawn participant": Player(people[WITHDRAWN].user),
        "operator": Player(User.objects.create_superuser("operator@example.org", factories.PASSWORD)),
        **{role: Player(user) for role, user in sorted(staff.items())},
        "device": Player(token=phones[OWN][1]),
        "withdrawn device": Player(token=phones[WITHDRAWN][1]),
        "revoked device": Player(token=lost_token),
    }
    for player in players.values():
        player.sign_in()
    return Cast(players, objects, meant(people[OWN], staff["caseload clinician"]))


def _clinicians(people: Mapping[str, Enrollment], coordinator: User) -> dict[str, User]:
    """One who sees everybody at the site, and one who sees only who is assigned."""
    site, found = people[OWN].site, {}
    for name, reach in (("site clinician", Reach.SITE), ("caseload clinician", Reach.ASSIGNED)):
        found[name] = factories.user(name.replace(" ", "."))
        add_member(study=people[OWN].study, user=found[name], role=Role.CLINICIAN, site=site, reach=reach)
        for relation in (OWN, WITHDRAWN):
            assign(enrollment=people[relation], clinician=found[name], by=coordinator, now=timezone.now())
            LeftAlert.objects.get(code=people[relation].code).assignees.add(found[name])
    return found


def _people() -> dict[str, Enrollment]:
    """One person in each relation, all of whom have agreed to everything."""
    study, elsewhere = factories.study(), factories.study("inland")
    people = {
        OWN: factories.enrollment(study, "ada"),
        UNASSIGNED: factories.enrollment(study, "zoe"),
        WITHDRAWN: factories.enrollment(study, "wyn"),
        OTHER_STUDY: factories.enrollment(elsewhere, "ian"),
    }
    people[OTHER_SITE] = enroll(
        study=study,
        code="sam",
        zone="Europe/Helsinki",
        now=factories.JOINED_AT,
        user=factories.user("sam"),
        site=add_site(study=study, slug="south", name="South"),
    )
    for one in people.values():
        factories.agree_to_everything(one)
        add_days(one, 3)
    return people
