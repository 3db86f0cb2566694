"""Uploads of phones: PUT /api/v1/uploads/{uuid} (docs/api.md)."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import UnreadablePostError
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from phenotyping.intake import services
from phenotyping.intake.faults import fault
from wellness.lib.clock import utc_now
from wellness.studies.authentication import phone_of


class Uploads(APIView):
    """A phone hands in samples; what the receipt settles it may delete."""

    @extend_schema(
        parameters=[
            OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH),
            OpenApiParameter("stream", OpenApiTypes.STR, OpenApiParameter.QUERY, description="of a CSV"),
        ],
        request={"application/json": OpenApiTypes.OBJECT, "text/csv": OpenApiTypes.STR},
        responses={200: OpenApiTypes.OBJECT, 201: OpenApiTypes.OBJECT},
    )
    def put(self, request: Request, id: str) -> Response:  # noqa: A002  the word of the address
        """The receipt: 201 when the upload is new, 200 with the same receipt ever after."""
        upload_id = _upload_id(id)
        receipt, created = services.receive(
            device=phone_of(request),
            upload_id=upload_id,
            body=_body(request),
            content_type=request.META.get("CONTENT_TYPE", ""),
            content_encoding=request.headers.get("Content-Encoding", ""),
            stream=request.query_params.get("stream"),
            now=utc_now(),
        )
        return Response(receipt, status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)


def _upload_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise fault("bad_upload_id", "The upload id is a UUID, chosen by the phone.") from None


def _body(request: Request) -> bytes:
    """The whole body; Refusal before reading it when it is declared too large, or when it was cut short."""
    declared = request.META.get("CONTENT_LENGTH") or ""
    if not (declared.isascii() and declared.isdigit()):
        raise fault("length_required", "Say how long the body is: Content-Length.", status=411)
    if int(declared) > settings.UPLOAD_WIRE_BYTES:
        raise fault("too_large", f"A body has at most {settings.UPLOAD_WIRE_BYTES} bytes.", status=413)
    try:
        body: bytes = request.body
    except UnreadablePostError:
        raise fault("body_incomplete", "The body was cut short.", status=400) from None
    if len(body) != int(declared):
        raise fault("body_incomplete", "The body was cut short.", status=400)
    return body


urlpatterns = [path("uploads/<str:id>", Uploads.as_view(), name="upload")]
