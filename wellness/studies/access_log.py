"""Who looked at a person's data: the entries of their chain, and of lists that they were in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from wellness.audit import rosters
from wellness.audit.models import ActorKind, AuditEntry
from wellness.audit.sealing import keyed_digest, opened
from wellness.audit.services import enrollment_chain
from wellness.studies.models import Device, Enrollment, Membership

READING = ("view.", "read.", "export.", "takeout.", "emergency.")
PAGES = {
    "view.participant": "your page, with charts and the coaching log",
    "view.caseload": "a list of the people in their care",
    "view.record": "the record of who looked, without your data",
    "emergency.open": "your record, in an emergency, without having you in their care",
    "emergency.judge": "whether opening your record was justified",
    "view.recipients": "who else has to be told that you withdrew",
    "recipient.told": "that somebody who has your data was told that you withdrew",
    "view.board": "the board of the study: who sends data, nothing of what they say",
}
WHY = {"share.clinician": "you share this with your clinicians", "emergency": "an emergency"}


@dataclass(frozen=True)
class Look:
    """One look or act by somebody else; `who` tells one from another without saying a name."""

    entry: int
    at: datetime
    role: str
    site: str
    who: str
    what: str
    why: str
    reason: str
    refused: bool


def looks(person: Enrollment) -> QuerySet[AuditEntry]:
    """The entries about others than the person themself, newest first."""
    chain = enrollment_chain(person.public_id)
    shown = Q(object__in=rosters.of(chain), **rosters.entries())
    reading = Q()
    for prefix in READING:
        reading |= Q(action__startswith=prefix)
    others = Q(actor_kind=ActorKind.USER) | Q(actor_kind=ActorKind.SERVICE) & reading
    found: QuerySet[AuditEntry] = AuditEntry.objects.filter(Q(chain=chain) & others | shown)
    return found.exclude(actor__in=_own_ids(person)).order_by("-pk")


def told(person: Enrollment, entries: Iterable[AuditEntry]) -> list[Look]:
    """Those entries in words, with the role and site that each had at the time."""
    found = list(entries)
    seats = _seats(person, {one.actor for one in found if one.actor_kind == ActorKind.USER})
    return [_look(person, one, seats) for one in found]


def _look(person: Enrollment, entry: AuditEntry, seats: Sequence[Membership]) -> Look:
    held = [one for one in seats if str(one.user.public_id) == entry.actor and _in_force(one, entry.at)]
    fitting = [one for one in held if one.role == entry.role] or held
    listed = entry.object.startswith(rosters.PREFIX)
    return Look(
        entry=entry.pk,
        at=entry.at,
        role=_role(entry, fitting),
        site=", ".join(sorted({one.site.name if one.site else "all sites" for one in fitting})),
        who=_alias(person, entry),
        what=PAGES.get(entry.action, entry.action.replace(".", " ").replace("_", " ")),
        why=WHY.get(entry.purpose, entry.purpose.replace(".", " ").replace("_", " ")),
        reason="" if listed else _reason(entry),
        refused=entry.outcome == "refused",
    )


def _reason(entry: AuditEntry) -> str:
    """What was given as the reason: for an emergency in words that only the person's key opens."""
    words = opened(entry.chain, entry.seq, entry.sealed_detail).get("why", "")
    return words or ("" if ":" in entry.reason else entry.reason)  # not the name of a row


def _alias(person: Enrollment, entry: AuditEntry) -> str:
    """Four letters for whoever it was: always the same to this person, and to nobody else."""
    if entry.actor_kind == ActorKind.SERVICE:
        return ""
    return keyed_digest(f"staff|{person.public_id}", entry.actor)[:4].upper()


def _role(entry: AuditEntry, fitting: Sequence[Membership]) -> str:
    if entry.actor_kind == ActorKind.SERVICE:
        return "the system"
    held = sorted({str(one.get_role_display()) for one in fitting})
    return entry.role or ", ".join(held) or "staff"


def _seats(person: Enrollment, actors: set[str]) -> list[Membership]:
    seats = Membership.objects.filter(study=person.study_id, user__public_id__in=actors)
    return list(seats.select_related("user", "site"))


def _in_force(seat: Membership, at: datetime) -> bool:
    return seat.created_at <= at and (seat.ended_at is None or at < seat.ended_at)


def _own_ids(person: Enrollment) -> list[str]:
    phones = Device.objects.filter(enrollment=person).values_list("public_id", flat=True)
    mine = [person.user.public_id] if person.user else []
    return [str(one) for one in (*phones, *mine)]
