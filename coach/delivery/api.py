"""Phones fetch suggestions and say what became of them: /api/v1/suggestions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coach.delivery.models import Delivery
from coach.delivery.selectors import told
from coach.delivery.services import respond
from wellness.lib.clock import from_us, utc_now
from wellness.lib.refusal import Refusal
from wellness.strict import StrictSerializer
from wellness.studies.authentication import phone_of

N_SHOWN = 20
LATEST_MS = 4_102_444_800_000


SUGGESTION = inline_serializer(
    "Suggestion",
    {
        "id": serializers.UUIDField(),
        "domain": serializers.CharField(),
        "title": serializers.CharField(),
        "text": serializers.CharField(),
        "source": serializers.CharField(),
        "sent_at": serializers.DateTimeField(),
        "expires_at": serializers.DateTimeField(),
        "response": serializers.CharField(allow_blank=True),
    },
)


class Answered(StrictSerializer[dict[str, Any]]):
    """The person's answer and when they gave it, in epoch milliseconds."""

    response = serializers.ChoiceField(choices=Delivery.Response.choices)
    responded_at = serializers.IntegerField(min_value=0, max_value=LATEST_MS)


class Suggestions(APIView):
    """What was sent to the person whose phone this is, newest first."""

    @extend_schema(responses={200: SUGGESTION})
    def get(self, request: Request) -> Response:
        """The latest twenty; while the coach must be silent, only those that were answered."""
        sent = told(phone_of(request).enrollment, utc_now())
        return Response([_shown(one) for one in sent[:N_SHOWN]], headers={"Cache-Control": "no-store"})


class SuggestionResponse(APIView):
    """The answer to one suggestion."""

    @extend_schema(request=Answered, responses={200: SUGGESTION})
    def put(self, request: Request, suggestion: UUID) -> Response:
        """The suggestion with the answer; somebody else's is as unknown as one that never was."""
        form = Answered(data=request.data)
        form.is_valid(raise_exception=True)
        delivery = Delivery.objects.filter(
            enrollment=phone_of(request).enrollment, public_id=suggestion
        ).first()
        if delivery is None:
            raise Http404
        at = from_us(form.validated_data["responded_at"] * 1_000)
        if at > utc_now():
            raise Refusal("time_in_future", "The answer's time is in the future.", field="responded_at")
        answered = respond(delivery=delivery, response=form.validated_data["response"], now=at)
        return Response(_shown(answered))


def _shown(delivery: Delivery) -> dict[str, Any]:
    """What a phone shows of a suggestion."""
    message = delivery.message
    return {
        "id": str(delivery.public_id),
        "domain": message.intervention.domain,
        "title": message.intervention.title,
        "text": message.text,
        "source": message.intervention.source,
        "sent_at": delivery.sent_at,
        "expires_at": delivery.expires_at,
        "response": delivery.response,
    }


urlpatterns = [
    path("suggestions", Suggestions.as_view(), name="suggestions"),
    path("suggestions/<uuid:suggestion>/response", SuggestionResponse.as_view(), name="suggestion_response"),
]
