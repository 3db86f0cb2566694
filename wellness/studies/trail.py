"""A participant's chain of the record is sealed with their own key, and unreadable when that is destroyed."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase

from wellness.audit import sealing
from wellness.audit.services import enrollment_chain, record
from wellness.budget import overspent
from wellness.lib.clock import utc_now
from wellness.studies import keys
from wellness.studies.models import Device, Enrollment

OWN_S = 3_600  # of a phone's readings of one kind within this time, the first is recorded


class PhoneReads:
    """Records what phones read of their own person; what they send has its ledger."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        phone = getattr(request, "user", None)  # a static file is answered before anybody is known
        read = request.method == "GET" and response.status_code == HTTPStatus.OK
        if read and isinstance(phone, Device) and request.resolver_match is not None:
            _note(phone, request.resolver_match.view_name)
        return response


def _note(phone: Device, what: str) -> None:
    if overspent(f"own:{phone.public_id}:{what}", limit=1, window_s=OWN_S, now=utc_now()) is None:
        chain = enrollment_chain(phone.enrollment.public_id)
        record(chain=chain, actor=phone.actor, action="read.own", object=what, role="participant")


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
