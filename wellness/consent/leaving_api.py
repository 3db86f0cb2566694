"""Phones withdraw, confirm what they deleted, and anybody with its token reads a deletion receipt."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path, reverse
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from wellness.consent.erasure import receipts
from wellness.consent.models import ConsentEvent
from wellness.consent.modes import ERASE, STOP, WITHDRAWAL_MODES
from wellness.consent.withdrawing import confirm_purge, withdraw_once
from wellness.lib.clock import utc_now
from wellness.strict import StrictSerializer
from wellness.studies.authentication import LeavingDeviceAuthentication, phone_of
from wellness.studies.models import Device

PRIVATE = {"Cache-Control": "no-store"}


class Withdrawal(StrictSerializer[dict[str, Any]]):
    """What a person takes back: `scopes` as [purpose, stream], "*" for every stream; left out, everything."""

    id = serializers.UUIDField()
    mode = serializers.ChoiceField(choices=WITHDRAWAL_MODES, default=STOP)
    scopes = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(max_length=40), min_length=2, max_length=2),
        required=False,
        min_length=1,
    )


class Purged(StrictSerializer[dict[str, Any]]):
    """The streams of which nothing is left on the phone."""

    purged = serializers.ListField(child=serializers.CharField(max_length=40))


WITHDRAWN = inline_serializer(
    "Withdrawn",
    {
        "id": serializers.UUIDField(),
        "mode": serializers.CharField(),
        "at": serializers.DateTimeField(),
        "purge": serializers.ListField(child=serializers.CharField()),
        "receipt": serializers.CharField(allow_null=True),
    },
)
DELETION = inline_serializer(
    "DeletionReceipt",
    {
        "state": serializers.ChoiceField(choices=["due", "done"]),
        "requested_at": serializers.DateTimeField(),
        "statement": serializers.DictField(),
        "signature": serializers.CharField(allow_blank=True),
        "kid": serializers.CharField(),
        "public_key": serializers.CharField(),
    },
)


class Withdrawals(APIView):
    """Taking back what was agreed to: one request, in force when it is answered."""

    authentication_classes = (LeavingDeviceAuthentication,)

    @extend_schema(request=Withdrawal, responses={200: WITHDRAWN, 201: WITHDRAWN})
    def post(self, request: Request) -> Response:
        """201 for a new withdrawal; 200 with the same answer when its id is known."""
        form = Withdrawal(data=request.data)
        form.is_valid(raise_exception=True)
        said, phone = form.validated_data, phone_of(request)
        scopes = said.get("scopes")
        event, new = withdraw_once(
            device=phone,
            event_id=said["id"],
            scopes=None if scopes is None else [(purpose, stream) for purpose, stream in scopes],
            mode=said["mode"],
            now=utc_now(),
        )
        return Response(_shown(event, phone), status=201 if new else 200, headers=PRIVATE)


class Purges(APIView):
    """What phones say they deleted."""

    authentication_classes = (LeavingDeviceAuthentication,)

    @extend_schema(request=Purged, responses={204: None})
    def post(self, request: Request) -> Response:
        """204 when all that was asked for is deleted; Refusal names what is missing."""
        form = Purged(data=request.data)
        form.is_valid(raise_exception=True)
        confirm_purge(device=phone_of(request), purged=form.validated_data["purged"], now=utc_now())
        return Response(status=204)


class Deletion(APIView):
    """The receipt of an erasure; its token is all that is needed, for the account is gone."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses={200: DELETION})
    def get(self, request: Request, token: str) -> Response:
        """What was erased and when, signed; while it is under way, that it is due."""
        found = receipts.shown(token)
        if found is None:
            raise Http404
        return Response(found, headers=PRIVATE)


def _shown(event: ConsentEvent, phone: Device) -> dict[str, Any]:
    token = receipts.token_of(event.public_id) if event.withdrawal_mode == ERASE else None
    return {
        "id": str(event.public_id),
        "mode": event.withdrawal_mode,
        "at": event.at,
        "purge": Device.objects.values_list("purge", flat=True).get(pk=phone.pk) or [],
        "receipt": token and reverse("deletion", args=[token]),
    }


urlpatterns = [
    path("withdrawals", Withdrawals.as_view(), name="withdrawals"),
    path("purges", Purges.as_view(), name="purges"),
    path("deletions/<slug:token>", Deletion.as_view(), name="deletion"),
]
