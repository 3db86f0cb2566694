"""Phones hand in answers and correct them: POST /api/v1/answers, POST /api/v1/answers/{id}/corrections."""

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

from phenotyping.surveys.instruments import checked, severity
from phenotyping.surveys.models import Answer, Instrument
from phenotyping.surveys.selectors import own_answers, prompt_at
from phenotyping.surveys.services import MAX_REASON, answer, correct, opened
from wellness.consent.gate import ConsentDenied, PersonLeft
from wellness.lib.clock import from_us, utc_now
from wellness.lib.refusal import Refusal
from wellness.strict import StrictSerializer
from wellness.studies.authentication import LeavingDeviceAuthentication, phone_of
from wellness.studies.models import Enrollment

LATEST_MS = 4_102_444_800_000  # the year 2100: beyond it is no phone's clock


class Sheet(StrictSerializer[dict[str, Any]]):
    """A filled-in questionnaire; `id` is chosen by the phone, `recorded_at` is epoch milliseconds."""

    id = serializers.UUIDField()
    instrument = serializers.SlugField()
    version = serializers.IntegerField(min_value=1, required=False)
    locale = serializers.CharField(max_length=10, default="en")
    recorded_at = serializers.IntegerField(min_value=0, max_value=LATEST_MS)
    values = serializers.DictField()


class CorrectedSheet(StrictSerializer[dict[str, Any]]):
    """What an answer should have been; `id` is chosen by the phone."""

    id = serializers.UUIDField()
    values = serializers.DictField()
    reason = serializers.CharField(max_length=MAX_REASON)


STORED = inline_serializer(
    "StoredAnswer",
    {
        "id": serializers.UUIDField(),
        "received_at": serializers.DateTimeField(),
        "support": serializers.CharField(allow_null=True),
    },
)


class Answers(APIView):
    """Answers of the person whose phone this is; a call for help of somebody who withdrew is heard, too."""

    authentication_classes = (LeavingDeviceAuthentication,)

    @extend_schema(request=Sheet, responses={201: STORED})
    def post(self, request: Request) -> Response:
        """The stored answer, the first one when the id is known; `support` is the safety rule it met."""
        form = Sheet(data=request.data)
        form.is_valid(raise_exception=True)
        sheet, phone, now = form.validated_data, phone_of(request), utc_now()
        instrument = _instrument(phone.enrollment, sheet)
        recorded_at = from_us(sheet["recorded_at"] * 1_000)
        try:
            stored = answer(
                enrollment=phone.enrollment,
                instrument=instrument,
                public_id=sheet["id"],
                values=sheet["values"],
                recorded_at=recorded_at,
                now=now,
                device=phone,
                prompt=prompt_at(phone.enrollment, instrument, recorded_at),
            )
        except (ConsentDenied, PersonLeft) as denied:  # nothing is kept, and help is shown all the same
            denied.extra["support"] = severity(instrument, checked(instrument, sheet["values"]))
            raise
        return _stored(stored)


class Corrections(APIView):
    """Corrections of an answer of the person whose phone this is."""

    @extend_schema(request=CorrectedSheet, responses={201: STORED})
    def post(self, request: Request, answer: UUID) -> Response:
        """The answer that takes its place, the first one when the id is known."""
        form = CorrectedSheet(data=request.data)
        form.is_valid(raise_exception=True)
        phone, sheet = phone_of(request), form.validated_data
        original = own_answers(phone.enrollment).filter(public_id=answer).first()
        if original is None:
            raise Http404
        return _stored(
            correct(
                original=original,
                public_id=sheet["id"],
                values=sheet["values"],
                reason=sheet["reason"],
                now=utc_now(),
                device=phone,
            )
        )


def _stored(answer: Answer) -> Response:
    body = {
        "id": str(answer.public_id),
        "received_at": answer.received_at,
        "support": severity(answer.instrument, opened(answer)),
    }
    return Response(body, status=201)


def _instrument(person: Enrollment, sheet: dict[str, Any]) -> Instrument:
    """The questionnaire that was filled in: the first answer's when the id is known, else as named."""
    known = (
        Answer.objects.filter(public_id=sheet["id"], enrollment=person).select_related("instrument").first()
    )
    if known is not None and known.instrument.slug == sheet["instrument"]:
        first: Instrument = known.instrument
        return first
    offered = Instrument.objects.filter(slug=sheet["instrument"], locale=sheet["locale"])
    if "version" in sheet:
        offered = offered.filter(version=sheet["version"])
    instrument = offered.order_by("-version").first()
    if instrument is None:
        raise Refusal("unknown_instrument", "There is no such questionnaire.", field="instrument")
    return instrument


urlpatterns = [
    path("answers", Answers.as_view(), name="answers"),
    path("answers/<uuid:answer>/corrections", Corrections.as_view(), name="corrections"),
]
