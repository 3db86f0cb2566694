"""Data that the signed document has locked after a withdrawal: opened by a regulator with a reason."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wellness.accounts.models import User
from wellness.audit.models import Outcome
from wellness.audit.services import enrollment_chain, record
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Phase

SHORTEST_REASON, LONGEST_REASON = 10, 200


def open_held(*, enrollment_id: UUID, user: User, reason: str, now: datetime) -> Enrollment:
    """The locked person, for this one look, which their chain records; Refusal otherwise, recorded as well.

    Whoever is no regulator of the study and site learns nothing, not even that there is such a person.
    """
    said = " ".join(reason.split())
    person = Enrollment.objects.select_related("study").filter(public_id=enrollment_id).first()
    if person is None or person.phase != Phase.LOCKED:
        raise _unknown()
    allowed = Enrollment.objects.held_for(user).filter(pk=person.pk).exists()
    explained = SHORTEST_REASON <= len(said) <= LONGEST_REASON
    record(
        chain=enrollment_chain(person.public_id),
        actor=user.actor,
        action="hold.open",
        object=f"enrollment:{person.public_id}",
        outcome=Outcome.DONE if allowed and explained else Outcome.REFUSED,
        reason=said[:LONGEST_REASON] if allowed else "not a regulator",
        at=now,
    )
    if not allowed:
        raise _unknown()
    if not explained:
        raise Refusal("reason_missing", "Say in a sentence why you must look.", field="reason")
    return person


def _unknown() -> Refusal:
    return Refusal("unknown_person", "There is no such person.", status=404)
