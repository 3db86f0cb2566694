"""A participant's chain of the record is sealed with their own key, and unreadable when that is destroyed."""

from __future__ import annotations

from uuid import UUID

from wellness.audit import sealing
from wellness.studies import keys
from wellness.studies.models import Enrollment


def join() -> None:
    """Have the chains of enrollments sealed here; called when the room starts."""
    sealing.own_keys("enrollment", seal=_seal, unseal=_unseal)


def _seal(owner: str, context: str, plain: bytes) -> bytes | None:
    try:
        return keys.seal(_person(owner), context, plain)
    except (keys.KeyDestroyed, Enrollment.DoesNotExist):
        return None


def _unseal(owner: str, context: str, envelope: bytes) -> bytes | None:
    try:
        return keys.unseal(_person(owner), context, envelope)
    except (keys.KeyDestroyed, Enrollment.DoesNotExist):
        return None


def _person(owner: str) -> Enrollment:
    person = Enrollment(public_id=UUID(owner))
    if keys.is_open(person):  # its key needs no more of the row
        return person
    return Enrollment.objects.select_related("study").get(public_id=owner)
