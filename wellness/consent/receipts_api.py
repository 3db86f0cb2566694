"""Receipts of consent: a phone fetches its person's, anybody has one verified, and the keys are public."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import jwt
from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from wellness.budget import overspent, source_of
from wellness.consent.models import StudyKey
from wellness.consent.presented import Standing, present
from wellness.consent.receipts import contents, issued, own_events, read
from wellness.consent.signatures import ALGORITHM
from wellness.lib.clock import utc_now
from wellness.lib.refusal import Refusal
from wellness.strict import StrictSerializer
from wellness.studies.api import Text
from wellness.studies.authentication import phone_of

PRIVATE = {"Cache-Control": "no-store"}
RECEIPT = inline_serializer(
    "ConsentReceipt", {"receipt": serializers.CharField(), "record": serializers.DictField()}
)
VERIFIED = inline_serializer(
    "VerifiedReceipt",
    {
        "valid": serializers.BooleanField(),
        "kid": serializers.CharField(),
        "study": serializers.CharField(),
        "issued_at": serializers.DateTimeField(),
        "state": serializers.ChoiceField(choices=[str(state) for state in Standing]),
    },
)


class Presentation(StrictSerializer[dict[str, str]]):
    """A receipt as its holder sends it."""

    receipt = Text()


class ConsentReceipt(APIView):
    """The receipt of one act of consent of the person whose phone this is."""

    @extend_schema(responses={200: RECEIPT})
    def get(self, request: Request, event: UUID) -> Response:
        """The signed receipt and what it says; somebody else's is as unknown as one that never was."""
        phone = phone_of(request)
        found = own_events(phone.enrollment).filter(public_id=event).first()
        if found is None:
            raise Http404
        read(found, actor=phone.actor, action="read", now=utc_now())
        return Response({"receipt": issued(found), "record": contents(found)}, headers=PRIVATE)


class VerifyReceipt(APIView):
    """Verifying needs no credential: the receipt says who it is about to nobody who does not hold it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=Presentation, responses={200: VERIFIED})
    def post(self, request: Request) -> Response:
        """Whether the receipt is ours and unaltered, and whether it is in force."""
        now = utc_now()
        require_patience(source_of(request.META), now)
        form = Presentation(data=request.data)
        form.is_valid(raise_exception=True)
        found = present(form.validated_data["receipt"], now=now)
        answer = {
            "valid": True,
            "kid": found.kid,
            "study": found.study,
            "issued_at": found.issued_at.isoformat(),
            "state": str(found.state),
        }
        return Response(answer, headers=PRIVATE)


def require_patience(source: str, now: datetime) -> None:
    """Refusal of an address that had too many receipts verified: each check is written down."""
    limit = settings.RECEIPT_CHECKS_PER_HOUR
    left_s = limit and overspent(f"receipts:{source}", limit=limit, window_s=3_600, now=now)
    if left_s:
        message = "Too many receipts were checked from here; try again later."
        raise Refusal("too_many_attempts", message, status=429, retry_after_s=left_s)


@require_safe
def consent_keys(_: HttpRequest) -> JsonResponse:
    """Every key that receipts were signed with, as a JSON Web Key Set (RFC 7517, RFC 8037)."""
    keys = [
        jwt.algorithms.OKPAlgorithm.to_jwk(key.loaded(), as_dict=True)
        | {"kid": key.kid, "alg": ALGORITHM, "use": "sig"}
        for key in StudyKey.objects.order_by("pk")
    ]
    return JsonResponse({"keys": keys}, headers={"Cache-Control": "public, max-age=300"})


urlpatterns = [
    path("consent-receipts/verify", VerifyReceipt.as_view(), name="verify-consent-receipt"),
    path("consent-receipts/<uuid:event>", ConsentReceipt.as_view(), name="consent-receipt"),
]
