"""Phones show what a person is asked, hand in what they agree to, pause and go on: /api/v1/consents."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from wellness.consent.asking import Answer, Offer, agree, may_withdraw, offers
from wellness.consent.models import Action, Capacity, ConsentEvent
from wellness.consent.proofs import of_device
from wellness.consent.resting import pause_once, resume_once
from wellness.lib.clock import from_us, utc_now
from wellness.strict import StrictSerializer
from wellness.studies.api import Text
from wellness.studies.authentication import phone_of

LATEST_MS = 4_102_444_800_000  # the year 2100: beyond it is no phone's clock
PRIVATE = {"Cache-Control": "no-store"}
ASKED = inline_serializer(
    "ConsentsAsked",
    {
        "epoch": serializers.IntegerField(),
        "phase": serializers.CharField(),
        "may_withdraw": serializers.ListField(child=serializers.CharField()),
        "documents": serializers.ListField(child=serializers.DictField()),
    },
)
AGREED = inline_serializer(
    "ConsentAgreed",
    {
        "id": serializers.UUIDField(),
        "action": serializers.CharField(),
        "at": serializers.DateTimeField(),
        "epoch": serializers.IntegerField(),
    },
)


RESTS = inline_serializer(
    "ConsentRests",
    {
        "id": serializers.UUIDField(),
        "action": serializers.CharField(),
        "at": serializers.DateTimeField(),
        "epoch": serializers.IntegerField(),
        "until": serializers.DateTimeField(allow_null=True),
    },
)


class Agreement(StrictSerializer[dict[str, Any]]):
    """What a person agrees to: `scopes` as [purpose, stream], `sha256` of the text that they saw."""

    id = serializers.UUIDField()
    document = serializers.UUIDField()
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")
    scopes = serializers.ListField(
        child=serializers.ListField(child=Text(max_length=40), min_length=2, max_length=2),
        min_length=1,
        max_length=2_000,
    )
    capacity = serializers.ChoiceField(choices=[Capacity.SELF, Capacity.ASSENT], default=Capacity.SELF)
    action = serializers.ChoiceField(choices=[Action.GRANT, Action.REAFFIRM], default=Action.GRANT)
    printed_name = Text(max_length=200, default="", allow_blank=True)
    client_at = serializers.IntegerField(min_value=0, max_value=LATEST_MS, required=False)
    client_zone = Text(max_length=64, default="", allow_blank=True)


class Pause(StrictSerializer[dict[str, Any]]):
    """That everything rests, until an instant, or until the person goes on."""

    id = serializers.UUIDField()
    until = serializers.IntegerField(min_value=0, max_value=LATEST_MS, required=False)


class Resumption(StrictSerializer[dict[str, Any]]):
    """That all goes on as it was agreed to."""

    id = serializers.UUIDField()


class Consents(APIView):
    """What the person whose phone this is may agree to, and their yes."""

    @extend_schema(responses={200: ASKED})
    def get(self, request: Request) -> Response:
        """The documents in force for this person, with every switch as it stands."""
        person, now = phone_of(request).enrollment, utc_now()
        body = {
            "epoch": person.consent_epoch,
            "phase": person.phase,
            "may_withdraw": may_withdraw(person),
            "documents": [_shown(offer) for offer in offers(person, now)],
        }
        return Response(body, headers=PRIVATE)

    @extend_schema(request=Agreement, responses={200: AGREED, 201: AGREED})
    def post(self, request: Request) -> Response:
        """201 for a new agreement; 200 with the same answer when its id is known."""
        form = Agreement(data=request.data)
        form.is_valid(raise_exception=True)
        said, phone = dict(form.validated_data), phone_of(request)
        said["scopes"] = tuple((purpose, stream) for purpose, stream in said["scopes"])
        if "client_at" in said:
            said["client_at"] = from_us(said["client_at"] * 1_000)
        now = utc_now()
        signing = of_device(now, said.pop("printed_name"))
        answer = Answer(**said)
        event, new = agree(answer, enrollment=phone.enrollment, by=phone, signing=signing, now=now)
        # The epoch is the number of events, so this event's is its own number.
        body = {"id": str(event.public_id), "action": event.action, "at": event.at, "epoch": event.seq}
        return Response(body, status=201 if new else 200, headers=PRIVATE)


class Pauses(APIView):
    """Letting everything rest: nothing is taken back, and nothing collected, used or shown meanwhile."""

    @extend_schema(request=Pause, responses={200: RESTS, 201: RESTS})
    def post(self, request: Request) -> Response:
        """201 for a new pause, in force from now; 200 with the same answer when its id is known."""
        form = Pause(data=request.data)
        form.is_valid(raise_exception=True)
        said, phone = form.validated_data, phone_of(request)
        until = from_us(said["until"] * 1_000) if "until" in said else None
        event, new = pause_once(device=phone, event_id=said["id"], until=until, now=utc_now())
        return _rests(event, new)


class Resumptions(APIView):
    """Ending a pause before its time."""

    @extend_schema(request=Resumption, responses={200: RESTS, 201: RESTS})
    def post(self, request: Request) -> Response:
        """201 when all goes on from now; 200 with the same answer when its id is known."""
        form = Resumption(data=request.data)
        form.is_valid(raise_exception=True)
        event_id = form.validated_data["id"]
        event, new = resume_once(device=phone_of(request), event_id=event_id, now=utc_now())
        return _rests(event, new)


def _rests(event: ConsentEvent, new: bool) -> Response:
    body = {"id": str(event.public_id), "action": event.action, "at": event.at, "epoch": event.seq}
    return Response(body | {"until": event.until}, status=201 if new else 200, headers=PRIVATE)


def _shown(offer: Offer) -> dict[str, Any]:
    document = offer.document
    return {
        "id": str(document.public_id),
        "sha256": document.body_sha256,
        "audience": document.audience,
        "locale": document.locale,
        "version": document.version,
        "change": document.change,
        "effective_from": document.effective_from,
        "capacity": offer.capacity,
        "body": document.body,
        "switches": [asdict(switch) for switch in offer.switches],
    }


urlpatterns = [
    path("consents", Consents.as_view(), name="consents"),
    path("consents/pauses", Pauses.as_view(), name="pauses"),
    path("consents/resumptions", Resumptions.as_view(), name="resumptions"),
]
