"""People who were shown together: kept once as a set under its digest, named by every entry that shows it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby

from django.db import transaction

from wellness.audit.models import AuditEntry, Roster, RosterMember

PREFIX = "roster:"


def named(chains: Iterable[str]) -> str:
    """The name of the set of these people's chains, as the object of an entry; "" for nobody."""
    members = sorted(set(chains))
    if not members:
        return ""
    digest = _digest(members)
    if not Roster.objects.filter(digest=digest).exists():
        with transaction.atomic():
            roster, is_new = Roster.objects.get_or_create(digest=digest)
            if is_new:
                rows = [RosterMember(roster=roster, chain=chain) for chain in members]
                RosterMember.objects.bulk_create(rows, batch_size=1_000)
    return f"{PREFIX}{digest}"


def of(chain: str) -> list[str]:
    """The names of all sets that a person is in."""
    found = RosterMember.objects.filter(chain=chain).values_list("roster__digest", flat=True)
    return [f"{PREFIX}{digest}" for digest in found]


def shows(names: Iterable[str], chain: str) -> bool:
    """Whether a person is in one of these sets."""
    digests = {name.removeprefix(PREFIX) for name in names}
    return RosterMember.objects.filter(chain=chain, roster__digest__in=digests).exists()


def entries() -> dict[str, str]:
    """The condition of entries that show a set of people; together with it their index is used."""
    return {"object__gte": f"{PREFIX}0", "object__lt": f"{PREFIX}g"}


def broken() -> Iterator[str]:
    """The sets whose members are not those that their digest covers, in words."""
    rows = RosterMember.objects.order_by("roster__digest", "chain").values_list("roster__digest", "chain")
    found = {
        digest: _digest([chain for _, chain in members])
        for digest, members in groupby(rows.iterator(chunk_size=5_000), key=lambda row: row[0])
    }
    for digest in Roster.objects.order_by("pk").values_list("digest", flat=True):
        if found.get(digest) != digest:
            yield f"roster {digest}: its members are not those it was written with"
    used = (
        AuditEntry.objects.filter(**entries()).values_list("object", flat=True).distinct().order_by("object")
    )
    for name in used:
        if name.removeprefix(PREFIX) not in found:
            yield f"roster {name.removeprefix(PREFIX)}: it is missing"


def _digest(members: list[str]) -> str:
    return hashlib.sha256("\n".join(members).encode()).hexdigest()
