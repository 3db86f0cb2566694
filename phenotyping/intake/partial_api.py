"""Uploads in pieces: POST, HEAD and PATCH /api/v1/uploads/{uuid}/parts (docs/api.md)."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from phenotyping.intake import partial
from phenotyping.intake.admission import admit, charge
from phenotyping.intake.bodies import RAW_LENGTH, body_of, number, upload_id_of
from phenotyping.intake.decoding import statement
from phenotyping.intake.decoding.body import media_type
from phenotyping.intake.faults import fault
from phenotyping.intake.models import PartialUpload
from phenotyping.intake.partial import Whole
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies.authentication import phone_of

OFFSET, LENGTH = "Upload-Offset", "Upload-Length"
_ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)
_OFFSET = OpenApiParameter(OFFSET, OpenApiTypes.INT, OpenApiParameter.HEADER, required=True)
_LENGTH = OpenApiParameter(LENGTH, OpenApiTypes.INT, OpenApiParameter.HEADER, required=True)
_STREAM = OpenApiParameter("stream", OpenApiTypes.STR, OpenApiParameter.QUERY)


class Parts(APIView):
    """A phone hands in a large body piece by piece, and goes on where it was interrupted."""

    @extend_schema(parameters=[_ID, _LENGTH, _STREAM], request=None, responses={200: None, 201: None})
    def post(self, request: Request, id: str) -> Response:  # noqa: A002  the word of the address
        """Begin: the headers say what the whole body will be; 200 when it was begun before."""
        device, upload_id, now = phone_of(request), upload_id_of(id), utc_now()
        admit(device=device, upload_id=upload_id, now=now)
        whole = Whole(
            content_type=media_type(request.META.get("CONTENT_TYPE", "")),
            content_encoding=request.headers.get("Content-Encoding", "").strip().lower(),
            stream=request.query_params.get("stream", ""),
            n_bytes=_required(request, LENGTH),
            raw_length=number(request, RAW_LENGTH),
        )
        upload, created = partial.begin(device=device, upload_id=upload_id, whole=whole, now=now)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(status=code, headers=_progress(upload))

    @extend_schema(parameters=[_ID], responses={200: None})
    def head(self, request: Request, id: str) -> Response:  # noqa: A002  the word of the address
        """How much of it is here."""
        return Response(headers=_progress(partial.find(phone_of(request), upload_id_of(id), utc_now())))

    @extend_schema(
        parameters=[_ID, _OFFSET],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: OpenApiTypes.OBJECT, 201: OpenApiTypes.OBJECT, 204: None},
    )
    def patch(self, request: Request, id: str) -> Response:  # noqa: A002  the word of the address
        """Add a piece: 204 while there are more to come, then the receipt that a PUT would have got."""
        device, upload_id = phone_of(request), upload_id_of(id)
        admit(device=device, upload_id=upload_id, now=utc_now())
        try:
            upload, settled = partial.append(
                device=device,
                upload_id=upload_id,
                start=_required(request, OFFSET),
                piece=body_of(request),
                said=statement.of_headers(request.headers),
                now=utc_now(),
            )
        except Refusal as refusal:
            charge(device, refusal, utc_now())
            raise
        if settled is None:
            return Response(status=status.HTTP_204_NO_CONTENT, headers=_progress(upload))
        receipt, created = settled
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(receipt, status=code, headers=_progress(upload))


def _required(request: Request, header: str) -> int:
    found = number(request, header)
    if found is None:
        raise fault("bad_header", f"Say a number of bytes: {header}.", status=400)
    return found


def _progress(upload: PartialUpload) -> dict[str, str]:
    counts = {OFFSET: str(upload.n_received), LENGTH: str(upload.n_bytes)}
    return counts | {"Cache-Control": "no-store"}
