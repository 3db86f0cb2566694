"""Who looked, for the person's phone: GET /api/v1/access-log, and the proof that an entry was sealed."""

from __future__ import annotations

from dataclasses import asdict

from django.http import Http404
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from wellness.audit import proofs
from wellness.budget import overspent
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.studies.access_log import looks, told
from wellness.studies.authentication import phone_of

PAGE = 50
PROOFS_PER_HOUR = 60  # each reads a month's checkpoints
LARGEST = 2**63 - 1
LOOK = inline_serializer(
    "Look",
    {
        "entry": serializers.IntegerField(),
        "at": serializers.DateTimeField(),
        "role": serializers.CharField(),
        "site": serializers.CharField(),
        "who": serializers.CharField(),
        "what": serializers.CharField(),
        "why": serializers.CharField(),
        "reason": serializers.CharField(),
        "refused": serializers.BooleanField(),
    },
)
PAGE_OF_LOOKS = inline_serializer(
    "AccessLog",
    {
        "looks": serializers.ListField(child=LOOK),
        "next": serializers.IntegerField(allow_null=True),
    },
)


class AccessLog(APIView):
    """Every look at this person's data by somebody else, newest first."""

    @extend_schema(parameters=[OpenApiParameter("before", int)], responses={200: PAGE_OF_LOOKS})
    def get(self, request: Request) -> Response:
        """Up to fifty; `next` is what to give as `before` for the ones before them, null at the end."""
        person = phone_of(request).enrollment
        found = looks(person).filter(pk__lt=_number(request, "before", LARGEST))[: PAGE + 1]
        shown = told(person, found)
        more = shown[PAGE - 1].entry if len(shown) > PAGE else None
        answer = {"looks": [asdict(one) for one in shown[:PAGE]], "next": more}
        return Response(answer, headers={"Cache-Control": "no-store"})


class AccessProof(APIView):
    """Proof that an entry of one's own log stands under a signed checkpoint."""

    @extend_schema(
        parameters=[OpenApiParameter("entry", int, required=True)], responses={200: OpenApiTypes.OBJECT}
    )
    def get(self, request: Request) -> Response:
        """The entry's leaf, the path to the root, and the signed checkpoint (RFC 9162)."""
        person = phone_of(request).enrollment
        limit = {"limit": PROOFS_PER_HOUR, "window_s": 3_600, "now": utc_now()}
        left_s = overspent(f"proof:{person.public_id}", **limit)  # type: ignore[arg-type]
        if left_s:
            raise Refusal("too_many_attempts", "Ask later.", status=429, retry_after_s=left_s)
        entry = looks(person).filter(pk=_number(request, "entry")).first()
        if entry is None:
            raise Http404
        proof = proofs.inclusion(chain=entry.chain, seq=entry.seq)
        return Response(proof, headers={"Cache-Control": "no-store"})


def _number(request: Request, name: str, default: int | None = None) -> int:
    """A whole number of the query; Refusal when it is none, or is needed and missing."""
    given = request.query_params.get(name)
    if given is None and default is not None:
        return default
    if given is None or not given.isascii() or not given.isdigit() or int(given[:20]) > LARGEST:
        raise Refusal("invalid", f"{name} is the number of an entry.", field=name)
    return int(given)


urlpatterns = [
    path("access-log", AccessLog.as_view(), name="api_access_log"),
    path("access-log/proof", AccessProof.as_view(), name="api_access_proof"),
]
