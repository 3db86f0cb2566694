"""How far people came, and who sends nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Max, OuterRef

from wellness.accounts.models import User
from wellness.consent.models import ConsentEvent
from wellness.studies.models import Device, Enrollment, Phase, Role, Study
from wellness.web.words import freshness

SILENT = (("24 h", timedelta(hours=24)), ("72 h", timedelta(hours=72)), ("7 days", timedelta(days=7)))


@dataclass(frozen=True)
class Member:
    """One enrollment as the console knows it: no clinical values."""

    enrollment: Enrollment
    consented: bool
    linked: bool
    last_at: datetime | None


@dataclass(frozen=True)
class Step:
    """One step of the funnel; `share` of all who were invited, in percent."""

    name: str
    n: int
    share: int


def members(study: Study, user: User) -> list[Member]:
    """Everyone in the study, or at the coordinator's sites, by code."""
    people = Enrollment.objects.in_care_of(user, Role.COORDINATOR).filter(study=study)
    annotated: Iterable[Any] = people.order_by("code").annotate(
        consented=Exists(ConsentEvent.objects.filter(enrollment=OuterRef("pk"))),
        linked=Exists(Device.objects.filter(enrollment=OuterRef("pk"))),
        last_upload_at=Max("uploads__received_at"),
    )
    return [Member(one, one.consented, one.linked, one.last_upload_at) for one in annotated]


def funnel(found: Sequence[Member]) -> list[Step]:
    """Invited, consented, phone linked, sending, active, completed and withdrawn."""
    phases = [member.enrollment.phase for member in found]
    counts = {
        "Invited": len(found),
        "Consented": sum(member.consented for member in found),
        "Phone linked": sum(member.linked for member in found),
        "Data received": sum(member.last_at is not None for member in found),
        "Active": phases.count(Phase.ACTIVE),
        "Completed": phases.count(Phase.COMPLETED),
        "Withdrawn": phases.count(Phase.WITHDRAWN),
    }
    return [Step(name, n, round(100 * n / len(found)) if found else 0) for name, n in counts.items()]


@dataclass(frozen=True)
class Silence:
    """People who send nothing, by how long; each is in one group only."""

    name: str
    people: Sequence[tuple[str, str]]  # code, age of the last upload


def silences(found: Sequence[Member], now: datetime) -> list[Silence]:
    """Active people who never started, or fell silent 24 h, 72 h or 7 days ago."""
    active = [member for member in found if member.enrollment.phase == Phase.ACTIVE]
    groups = [
        Silence("Never started", [(m.enrollment.code, "no upload") for m in active if m.last_at is None])
    ]
    limits = [*SILENT, ("", timedelta.max)]
    for (name, least), (_, most) in zip(SILENT, limits[1:], strict=True):
        people = [
            (m.enrollment.code, freshness(m.last_at, now)[1])
            for m in active
            if m.last_at and least <= now - m.last_at < most
        ]
        groups.append(Silence(f"Silent for {name}", people))
    return groups
