"""The chains of people and of their phones are sealed with the person's key, unreadable when it is gone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase

from wellness.audit import sealing
from wellness.audit.models import ActorKind
from wellness.audit.services import enrollment_chain, record
from wellness.budget import overspent
from wellness.lib.clock import utc_now
from wellness.studies import keys
from wellness.studies.models import Device, Enrollment

Find = Callable[[str], Enrollment]
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
    """Have the chains of enrollments and of devices sealed here; called when the room starts."""
    for kind, find in (("enrollment", _person), (ActorKind.DEVICE, _holder)):
        sealing.own_keys(kind, seal=partial(_seal, find), unseal=partial(_unseal, find))


def _seal(find: Find, owner: str, context: str, plain: bytes) -> bytes:
    return keys.seal(find(owner), context, plain)


def _unseal(find: Find, owner: str, context: str, envelope: bytes) -> bytes:
    return keys.unseal(find(owner), context, envelope)


def _holder(device: str) -> Enrollment:
    return _found(devices__public_id=device)


def _person(owner: str) -> Enrollment:
    person = Enrollment(public_id=UUID(owner))
    if keys.is_open(person):  # its key needs no more of the row
        return person
    return _found(public_id=owner)


def _found(**which: str) -> Enrollment:
    try:
        return Enrollment.objects.select_related("study").get(**which)
    except Enrollment.DoesNotExist:  # the row went with the key
        raise keys.KeyDestroyed(f"no enrollment with {which}") from None
