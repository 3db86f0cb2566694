"""A phone's way to its person's copy: /api/v1/takeouts."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.http import Http404, StreamingHttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from wellness.gateways.models import Takeout
from wellness.gateways.takeout.services import ask, fetch
from wellness.lib.clock import utc_now
from wellness.studies.authentication import phone_of

TOLD = inline_serializer(
    "Takeout",
    {
        "id": serializers.UUIDField(),
        "state": serializers.ChoiceField(choices=Takeout.State.choices),
        "asked_at": serializers.DateTimeField(),
        "made_at": serializers.DateTimeField(allow_null=True),
        "expires_at": serializers.DateTimeField(allow_null=True),
        "n_bytes": serializers.IntegerField(),
    },
)


class Takeouts(APIView):
    """The copies of the person whose phone this is."""

    @extend_schema(responses={200: inline_serializer("Takeouts", {"takeouts": TOLD})})
    def get(self, request: Request) -> Response:
        """Every copy that was asked for, the latest first."""
        mine = Takeout.objects.filter(enrollment=phone_of(request).enrollment).order_by("-asked_at", "-pk")
        return Response({"takeouts": [_told(one) for one in mine]})

    @extend_schema(request=None, responses={202: TOLD})
    def post(self, request: Request) -> Response:
        """The copy that is being made; asking again while one is being made gives that one."""
        asked = ask(enrollment=phone_of(request).enrollment, actor=phone_of(request).actor, now=utc_now())
        return Response(_told(asked), status=status.HTTP_202_ACCEPTED)


class TakeoutFile(APIView):
    """One copy as a zip file."""

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, takeout: UUID) -> StreamingHttpResponse:
        """The bytes, unsealed as they are sent."""
        now = utc_now()
        mine = Takeout.objects.filter(enrollment=phone_of(request).enrollment)
        found = mine.ready(now).filter(public_id=takeout).select_related("enrollment__study").first()
        if found is None:
            raise Http404
        return as_file(found, fetch(found, actor=phone_of(request).actor, now=now))


def as_file(takeout: Takeout, content: Iterable[bytes]) -> StreamingHttpResponse:
    """The download of a copy that is ready."""
    response = StreamingHttpResponse(content, content_type="application/zip")
    response["Content-Length"] = str(takeout.n_bytes)
    response["Content-Disposition"] = f'attachment; filename="my-data-{takeout.made_at:%Y-%m-%d}.zip"'
    response["Cache-Control"] = "no-store"
    return response


def _told(takeout: Takeout) -> dict[str, object]:
    return {
        "id": str(takeout.public_id),
        "state": takeout.state,
        "asked_at": takeout.asked_at,
        "made_at": takeout.made_at,
        "expires_at": takeout.expires_at,
        "n_bytes": takeout.n_bytes,
    }


urlpatterns = [
    path("takeouts", Takeouts.as_view(), name="api_takeouts"),
    path("takeouts/<uuid:takeout>/file", TakeoutFile.as_view(), name="api_takeout_file"),
]
