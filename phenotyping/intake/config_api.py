"""What the phone is to do: GET /api/v1/device/config (docs/api.md)."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from phenotyping.intake.device_config import device_config, etag
from wellness.lib.clock import utc_now
from wellness.studies.authentication import phone_of


class DeviceConfig(APIView):
    """A phone asks what to collect; asking changes nothing."""

    @extend_schema(
        parameters=[OpenApiParameter("If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER)],
        responses={200: OpenApiTypes.OBJECT, 304: None},
    )
    def get(self, request: Request) -> Response:
        """The instructions, or 304 when they are those that the phone knows."""
        now = utc_now()
        config = device_config(phone_of(request).enrollment, now)
        tag = etag(config)
        headers = {"ETag": tag, "Cache-Control": "no-store"}
        known = {one.strip() for one in request.headers.get("If-None-Match", "").split(",")}
        if tag in known:
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        return Response(config | {"server_time": now.isoformat()}, headers=headers)


urlpatterns = [path("device/config", DeviceConfig.as_view(), name="device-config")]
