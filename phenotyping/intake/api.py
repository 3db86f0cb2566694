"""Uploads of phones: PUT /api/v1/uploads/{uuid} (docs/api.md)."""

from __future__ import annotations

from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from phenotyping.intake import services
from phenotyping.intake.admission import admit, charge
from phenotyping.intake.bodies import RAW_LENGTH, body_of, number, upload_id_of
from phenotyping.intake.decoding import statement
from phenotyping.intake.decoding.formats import MEDIA_TYPES
from phenotyping.intake.ledger import Receipt
from phenotyping.intake.partial_api import Parts
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies.authentication import phone_of


class Uploads(APIView):
    """A phone hands in samples; what the receipt settles it may delete."""

    @extend_schema(
        parameters=[
            OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH),
            OpenApiParameter("stream", OpenApiTypes.STR, OpenApiParameter.QUERY, description="of all rows"),
        ],
        request=dict.fromkeys(MEDIA_TYPES, OpenApiTypes.BINARY),
        responses={200: OpenApiTypes.OBJECT, 201: OpenApiTypes.OBJECT},
    )
    def put(self, request: Request, id: str) -> Response:  # noqa: A002  the word of the address
        """The receipt: 201 when the upload is new, 200 with the same receipt ever after."""
        upload_id = upload_id_of(id)
        admit(device=phone_of(request), upload_id=upload_id, now=utc_now())
        try:
            receipt, created = _received(request, upload_id)
        except Refusal as refusal:
            charge(phone_of(request), refusal, utc_now())
            raise
        return Response(receipt, status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)


def _received(request: Request, upload_id: UUID) -> tuple[Receipt, bool]:
    return services.receive(
        device=phone_of(request),
        upload_id=upload_id,
        body=body_of(request),
        content_type=request.META.get("CONTENT_TYPE", ""),
        content_encoding=request.headers.get("Content-Encoding", ""),
        stream=request.query_params.get("stream"),
        raw_length=number(request, RAW_LENGTH),
        said=statement.of_headers(request.headers),
        now=utc_now(),
    )


urlpatterns = [
    path("uploads/<str:id>", Uploads.as_view(), name="upload"),
    path("uploads/<str:id>/parts", Parts.as_view(), name="upload-parts"),
]
