"""Devices join with an invitation: POST /api/v1/devices."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from wellness.budget import overspent, source_of
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device
from wellness.studies.services import register_device

PHONES = [choice for choice in Device.Platform.choices if choice[0] != Device.Platform.IMPORT]


class Text(serializers.CharField):
    """A JSON string; a number or a flag is not turned into one."""

    def to_internal_value(self, data: Any) -> str:
        """The string as it was sent."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Registration(serializers.Serializer[dict[str, str]]):
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


class Devices(APIView):
    """Registering needs no credential: the invitation is one."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=Registration, responses={201: REGISTERED})
    def post(self, request: Request) -> Response:
        """The device, its token (shown only now) and the enrollment it may upload for."""
        _require_patience(request)
        form = Registration(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            device, token = register_device(now=utc_now(), **form.validated_data)
        except Refusal:
            _require_patience(request, spend=1)
            raise
        answer = {
            "device": str(device.public_id),
            "token": token,
            "enrollment": str(device.enrollment.public_id),
        }
        return Response(answer, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


def _require_patience(request: Request, *, spend: int = 0) -> None:
    """Refusal of a source address that tried too many wrong codes: nobody is to guess one."""
    name, limit = f"join:{source_of(request.META)}", settings.JOIN_FAILURES_PER_HOUR
    left_s = limit and overspent(name, limit=limit, window_s=3_600, now=utc_now(), spend=spend)
    if left_s:
        message = "Too many wrong codes came from here; try again later."
        raise Refusal("too_many_attempts", message, status=429, retry_after_s=left_s)


urlpatterns = [path("devices", Devices.as_view(), name="devices")]
