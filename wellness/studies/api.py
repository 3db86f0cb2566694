"""Devices join with an invitation, and are listed and revoked by each other: /api/v1/devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.strict import StrictSerializer
from wellness.studies.authentication import phone_of
from wellness.studies.models import Device
from wellness.studies.patience import require_patience
from wellness.studies.services import register_device, revoke_device

PHONES = [choice for choice in Device.Platform.choices if choice[0] != Device.Platform.IMPORT]


class Text(serializers.CharField):
    """A JSON string; a number or a flag is not turned into one."""

    def to_internal_value(self, data: Any) -> str:
        """The string as it was sent."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Registration(StrictSerializer[dict[str, str]]):
    """What a phone says about itself when it joins."""

    code = Text(max_length=100)
    platform = serializers.ChoiceField(choices=PHONES)
    model_name = Text(max_length=80, required=False, allow_blank=True)
    os_version = Text(max_length=40, required=False, allow_blank=True)
    app_version = Text(max_length=40, required=False, allow_blank=True)


REGISTERED = inline_serializer(
    "Registered",
    {
        "device": serializers.UUIDField(),
        "token": serializers.CharField(),
        "enrollment": serializers.UUIDField(),
    },
)


LISTED = inline_serializer(
    "ListedDevice",
    {
        "device": serializers.UUIDField(),
        "platform": serializers.CharField(),
        "model_name": serializers.CharField(),
        "os_version": serializers.CharField(),
        "app_version": serializers.CharField(),
        "registered_at": serializers.DateTimeField(),
        "last_seen_at": serializers.DateTimeField(allow_null=True),
        "is_this_one": serializers.BooleanField(),
    },
    many=True,
)


class Devices(APIView):
    """The phones of my enrollment. Registering one needs no credential: the invitation is one."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Nothing is asked of a phone that registers."""
        return [] if self._registers() else super().get_authenticators()

    def get_permissions(self) -> Sequence[Any]:
        """A phone that registers may; for anything else it must be known."""
        return [AllowAny()] if self._registers() else super().get_permissions()

    def _registers(self) -> bool:
        return self.request is not None and self.request.method == "POST"  # the schema is made without one

    @extend_schema(responses={200: LISTED})
    def get(self, request: Request) -> Response:
        """Every phone that may send for my enrollment, the latest first."""
        here = phone_of(request)
        known = Device.objects.in_use(here.enrollment).order_by("-created_at")
        return Response([_shown(one, here) for one in known], headers={"Cache-Control": "no-store"})

    @extend_schema(auth=[], request=Registration, responses={201: REGISTERED})
    def post(self, request: Request) -> Response:
        """The device, its token (shown only now) and the enrollment it may upload for."""
        require_patience(request.META, now=utc_now())
        form = Registration(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            device, token = register_device(now=utc_now(), **form.validated_data)
        except Refusal:
            require_patience(request.META, now=utc_now(), spend=1)
            raise
        answer = {
            "device": str(device.public_id),
            "token": token,
            "enrollment": str(device.enrollment.public_id),
        }
        return Response(answer, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class OneDevice(APIView):
    """One of the phones of my enrollment."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, device: UUID) -> Response:
        """It may send nothing from its next request on; a phone may take itself out, too."""
        found = Device.objects.in_use(phone_of(request).enrollment).filter(public_id=device).first()
        if found is None:
            raise Http404
        revoke_device(device=found, now=utc_now(), actor=phone_of(request).actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _shown(device: Device, here: Device) -> dict[str, Any]:
    seen = device.last_seen_at
    return {
        "device": str(device.public_id),
        "platform": device.platform,
        "model_name": device.model_name,
        "os_version": device.os_version,
        "app_version": device.app_version,
        "registered_at": device.created_at.isoformat(),
        "last_seen_at": seen and seen.isoformat(),
        "is_this_one": device.pk == here.pk,
    }


urlpatterns = [
    path("devices", Devices.as_view(), name="devices"),
    path("devices/<uuid:device>", OneDevice.as_view(), name="device"),
]
