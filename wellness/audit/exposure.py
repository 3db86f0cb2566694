"""Whose data could an actor, or anybody in a period, have seen? Answered from the record alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from wellness.audit import rosters
from wellness.audit.models import ActorKind, AuditEntry, Outcome, RosterMember

OWN = "enrollment:"


@dataclass
class Exposed:
    """A person whose data were opened or listed: how often, first and last, and by which acts."""

    chain: str
    n: int
    first: datetime
    last: datetime
    acts: set[str]

    def joined(self, row: tuple[str, int, datetime, datetime]) -> None:
        """Take in more acts: their name, how many, the first and the last."""
        act, n, first, last = row
        self.n, self.acts = self.n + n, self.acts | {act}
        self.first, self.last = min(self.first, first), max(self.last, last)


def exposed(*, since: datetime, until: datetime, actor: str = "") -> list[Exposed]:
    """The people an actor (or any person or phone) acted upon or was shown in [since, until), by chain."""
    found = AuditEntry.objects.filter(at__gte=since, at__lt=until, outcome=Outcome.DONE)
    if actor:
        found = found.filter(actor=actor)
    else:
        found = found.filter(actor_kind__in=(ActorKind.USER, ActorKind.DEVICE))
    people: dict[str, Exposed] = {}
    for chain, *row in _counted(found.filter(chain__startswith=OWN), "chain"):
        _join(people, chain, tuple(row))
    shown = defaultdict(list)
    for name, *row in _counted(found.filter(**rosters.entries()), "object"):
        shown[name.removeprefix(rosters.PREFIX)].append(tuple(row))
    members = RosterMember.objects.filter(roster__digest__in=shown)
    for digest, chain in members.values_list("roster__digest", "chain"):
        for row in shown[digest]:
            _join(people, chain, row)
    return sorted(people.values(), key=lambda one: one.chain)


def _counted(found: QuerySet[AuditEntry], by: str) -> Any:
    rows = found.order_by().values_list(by, "action")
    return rows.annotate(Count("pk"), Min("at"), Max("at"))


def _join(people: dict[str, Exposed], chain: str, row: Any) -> None:
    act, n, first, last = row
    if chain in people:
        people[chain].joined(row)
    else:
        people[chain] = Exposed(chain, n, first, last, {act})
