"""Every look at a person's data leaves an entry: in their own chain, or in the looker's for a whole list."""

from collections.abc import Iterable
from datetime import datetime

from wellness.accounts.models import User
from wellness.audit import rosters
from wellness.audit.services import account_chain, enrollment_chain, record
from wellness.budget import overspent
from wellness.consent.emergency import EMERGENCY
from wellness.consent.purposes import SHARE_CLINICIAN
from wellness.studies.models import EmergencyAccess, Enrollment

OWN_S = 3_600  # of looks at one's own page within this time, the first is recorded


def looked_at(
    enrollment: Enrollment,
    *,
    user: User,
    action: str,
    now: datetime,
    role: str = "",
    access: EmergencyAccess | None = None,
) -> None:
    """Record that a member of staff opened this person's page, and under which emergency, if under one."""
    record(
        chain=enrollment_chain(enrollment.public_id),
        actor=user.actor,
        action=action,
        object=f"enrollment:{enrollment.public_id}",
        purpose=EMERGENCY if access else SHARE_CLINICIAN,
        on_behalf_of=f"enrollment:{enrollment.public_id}" if access else "",
        reason=f"emergency_access:{access.public_id}" if access else "",
        epoch=enrollment.consent_epoch,
        role=role,
        at=now,
    )


def looked_over(
    people: Iterable[Enrollment],
    *,
    user: User,
    action: str,
    purpose: str,
    now: datetime,
    about: str = "",
    role: str = "",
) -> None:
    """Record that a member of staff opened a list: one entry, however many people it shows."""
    shown = rosters.named(enrollment_chain(one.public_id) for one in people)
    record(
        chain=account_chain(user.actor),
        actor=user.actor,
        action=action,
        object=shown or about,
        purpose=purpose,
        reason=about if shown else "",
        role=role,
        at=now,
    )


def looked_at_own(enrollment: Enrollment, *, user: User, page: str, now: datetime) -> None:
    """Record that a person opened a page of their own; within an hour, the first time."""
    name = f"own:{enrollment.public_id}:{page}"
    if overspent(name, limit=1, window_s=OWN_S, now=now) is None:
        record(
            chain=enrollment_chain(enrollment.public_id),
            actor=user.actor,
            action="view.own",
            object=page,
            role="participant",
            at=now,
        )
