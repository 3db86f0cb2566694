"""Phones fetch suggestions and say what became of them: /api/v1/suggestions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coach.delivery.models import Delivery
from coach.delivery.services import respond
from wellness.lib.clock import from_us, utc_now
from wellness.lib.refusal import Refusal

N_SHOWN = 20
LATEST_MS = 4_102_444_800_000


class Suggestion(serializers.ModelSerializer[Delivery]):
    """What a phone shows."""

    id = serializers.UUIDField(source="public_id")
    text = serializers.CharField(source="message.text")
    title = serializers.CharField(source="message.intervention.title")
    domain = serializers.CharField(source="message.intervention.domain")
    source = serializers.CharField(source="message.intervention.source")

    class Meta:
        model = Delivery
        fields = ["id", "domain", "title", "text", "source", "sent_at", "expires_at", "response"]


class Answered(serializers.Serializer[dict[str, Any]]):
    """The person's answer and when they gave it, in epoch milliseconds."""

    response = serializers.ChoiceField(choices=Delivery.Response.choices)
    responded_at = serializers.IntegerField(min_value=0, max_value=LATEST_MS)


class Suggestions(APIView):
    """What was sent to the person whose phone this is, newest first."""

    @extend_schema(responses={200: Suggestion(many=True)})
    def get(self, request: Request) -> Response:
        """The latest twenty."""
        sent = Delivery.objects.to(request.auth).select_related("message__intervention")[:N_SHOWN]
        return Response(Suggestion(sent, many=True).data, headers={"Cache-Control": "no-store"})


class SuggestionResponse(APIView):
    """The answer to one suggestion."""

    @extend_schema(request=Answered, responses={200: Suggestion})
    def put(self, request: Request, suggestion: UUID) -> Response:
        """The suggestion with the answer; somebody else's is as unknown as one that never was."""
        form = Answered(data=request.data)
        form.is_valid(raise_exception=True)
        delivery = Delivery.objects.filter(enrollment=request.auth, public_id=suggestion).first()
        if delivery is None:
            raise Http404
        at = from_us(form.validated_data["responded_at"] * 1_000)
        if at > utc_now():
            raise Refusal("time_in_future", "The answer's time is in the future.", field="responded_at")
        answered = respond(delivery=delivery, response=form.validated_data["response"], now=at)
        return Response(Suggestion(answered).data)


urlpatterns = [
    path("suggestions", Suggestions.as_view(), name="suggestions"),
    path("suggestions/<uuid:suggestion>/response", SuggestionResponse.as_view(), name="suggestion_response"),
]
