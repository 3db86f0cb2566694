"""Every look at a person's data leaves an entry in that person's chain."""

from collections.abc import Iterable
from datetime import datetime

from wellness.accounts.models import User
from wellness.audit.models import ActorKind
from wellness.audit.services import SYSTEM_CHAIN, Actor, enrollment_chain, record
from wellness.consent.purposes import SHARE_CLINICIAN
from wellness.studies.models import Enrollment


def looked_at(enrollment: Enrollment, *, user: User, action: str, now: datetime) -> None:
    """Record that a member of staff opened this person's page."""
    record(
        chain=enrollment_chain(enrollment.public_id),
        actor=Actor(ActorKind.USER, str(user.public_id)),
        action=action,
        object=f"enrollment:{enrollment.public_id}",
        purpose=SHARE_CLINICIAN,
        epoch=enrollment.consent_epoch,
        at=now,
    )


def looked_over(objects: Iterable[str], *, user: User, action: str, purpose: str, now: datetime) -> None:
    """Record that a member of staff opened a list: one entry, however long the list."""
    named = ",".join(objects)
    record(
        chain=SYSTEM_CHAIN,
        actor=Actor(ActorKind.USER, str(user.public_id)),
        action=action,
        object=named if len(named) <= 120 else f"{named[:119]}…",
        purpose=purpose,
        at=now,
    )
