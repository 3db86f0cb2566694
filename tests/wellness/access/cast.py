"""Somebody in every role, and somebody's object in every relation to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone

from phenotyping.surveys.instruments import load_instruments
from tests import factories
from tests.wellness.access.belongings import (
    OTHER_SITE,
    OTHER_STUDY,
    OWN,
    UNASSIGNED,
    WITHDRAWN,
    belongings,
)
from tests.wellness.web.conftest import add_days
from wellness.accounts.models import User
from wellness.consent.services import withdraw
from wellness.studies.models import Enrollment, Role
from wellness.studies.services import add_member, add_site, enroll, issue_device, revoke_device

KNOWN = {  # whose existence a role may learn of; every other object is to it as one that never was
    "participant": {OWN},
    "device": {OWN},
    "withdrawn participant": {WITHDRAWN},
    "withdrawn device": {WITHDRAWN},
    "clinician": {OWN, UNASSIGNED, WITHDRAWN},
    "coordinator": {OWN, UNASSIGNED, OTHER_SITE, WITHDRAWN},
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

    def ask(self, method: str, path: str) -> HttpResponseBase:
        """The answer to a request without content, from a browser that remembers only its session."""
        self.client.cookies.clear()
        if self.session:
            self.client.cookies["sessionid"] = self.session
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method in {"GET", "HEAD"}:
            return self.client.generic(method, path, headers=headers)
        if path.startswith(("/api/", "/_allauth/")):
            return self.client.generic(method, path, b"{}", content_type="application/json", headers=headers)
        form = "application/x-www-form-urlencoded"
        return self.client.generic(method, path, b"", content_type=form, headers=headers)


@dataclass(frozen=True)
class Cast:
    """Who asks, by role, and what for, by the name it has in addresses and by relation."""

    players: dict[str, Player]
    objects: dict[str, dict[str, str]]


def cast() -> Cast:
    """The whole cast, at work in one study, with others elsewhere."""
    load_instruments()
    people = _people()
    study = people[OWN].study
    phones = {
        name: issue_device(enrollment=one, platform="android", now=timezone.now())
        for name, one in people.items()
    }
    objects = belongings(people, {name: phone for name, (phone, _) in phones.items()})
    withdraw(enrollment=people[WITHDRAWN], now=timezone.now())
    lost, lost_token = issue_device(enrollment=people[OWN], platform="ios", now=timezone.now())
    revoke_device(device=lost, now=timezone.now())
    staff = {role: factories.staff(study, role, role) for role in Role.values if role != Role.CLINICIAN}
    staff["clinician"] = factories.user("clinician")
    add_member(study=study, user=staff["clinician"], role=Role.CLINICIAN, site=people[OWN].site)
    players = {
        "anonymous": Player(),
        "newcomer": Player(factories.user("newcomer")),
        "participant": Player(people[OWN].user),
        "withdrawn participant": Player(people[WITHDRAWN].user),
        **{role: Player(staff[role]) for role in ("clinician", *sorted(staff.keys() - {"clinician"}))},
        "device": Player(token=phones[OWN][1]),
        "withdrawn device": Player(token=phones[WITHDRAWN][1]),
        "revoked device": Player(token=lost_token),
    }
    for player in players.values():
        player.sign_in()
    return Cast(players, objects)


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
