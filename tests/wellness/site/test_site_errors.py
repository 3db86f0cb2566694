import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from wellness.consent.gate import ConsentDenied
from wellness.lib.refusal import Refusal


def full(**says: str) -> OperationalError:
    """What Django raises of a database's own error."""
    error = OperationalError("database or disk is full")
    error.__cause__ = type("DriverError", (Exception,), says)()
    return error


class Raises(APIView):
    authentication_classes = permission_classes = ()
    error = Exception()

    def post(self, request: Request) -> Response:
        raise self.error


class Echoes(APIView):
    authentication_classes = permission_classes = ()

    def post(self, request: Request) -> Response:
        return Response({"got": request.data})


def answer(rf: RequestFactory, view: Any, body: bytes = b"", media: str = "application/json") -> Any:
    return view(rf.generic("POST", "/", body, content_type=media)).render()


CASES = [
    (Refusal("late", "Too late.", status=409, field="at"), 409, ("late", "at"), False),
    (Refusal("busy", "Busy.", status=503, retry=True), 503, ("busy", ""), True),
    (ConsentDenied("collect", ["gps"]), 403, ("consent_denied", ""), False),
    (Http404(), 404, ("not_found", ""), False),
    (PermissionDenied(), 403, ("permission_denied", ""), False),
    (exceptions.MethodNotAllowed("PUT"), 405, ("method_not_allowed", ""), False),
    (exceptions.Throttled(wait=9), 429, ("throttled", ""), True),
    (exceptions.ValidationError({"a": {"b": ["No."]}}, code="odd"), 422, ("odd", "a.b"), False),
    (exceptions.ValidationError("No.", code="odd"), 422, ("odd", ""), False),
    (RequestDataTooBig(), 413, ("too_large", ""), False),
    (OperationalError("server closed the connection"), 503, ("unavailable", ""), True),
    (full(sqlite_errorname="SQLITE_FULL"), 507, ("storage_full", ""), True),
    (full(sqlite_errorname="SQLITE_BUSY"), 503, ("unavailable", ""), True),
    (full(sqlstate="53100"), 507, ("storage_full", ""), True),
    (full(sqlstate="55P03"), 503, ("unavailable", ""), True),
]


@pytest.mark.parametrize(("error", "status", "what", "retry"), CASES, ids=lambda case: type(case).__name__)
def test_every_error_has_one_shape(
    rf: RequestFactory, error: Exception, status: int, what: tuple[str, str], retry: bool
) -> None:
    response = answer(rf, Raises.as_view(error=error))
    assert response.status_code == status
    body = json.loads(response.content)
    assert [(e["code"], e["field"]) for e in body["errors"]] == [what]
    assert body["retry"] is retry
    assert ("Retry-After" in response.headers) is retry
    assert "server closed" not in response.content.decode()


def test_a_denial_names_the_streams_to_stop_sending(rf: RequestFactory) -> None:
    response = answer(rf, Raises.as_view(error=ConsentDenied("collect", ["gps", "wifi"])))
    assert response.data["streams"] == ["gps", "wifi"]
    assert response.data["purpose"] == "collect"


def test_a_programming_error_is_not_dressed_up(rf: RequestFactory) -> None:
    with pytest.raises(ZeroDivisionError):
        answer(rf, Raises.as_view(error=ZeroDivisionError()))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"a": NaN}',
        b"1e999",
        b"9" * 5000,
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'{"a": ["\\u0000"]}',
        b'{"\\u0000": 1}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_broken_body_is_a_400(rf: RequestFactory, body: bytes) -> None:
    response = answer(rf, Echoes.as_view(), body or b" ")
    assert response.status_code == 400
    assert response.data["errors"][0]["code"] == "bad_json"


def test_a_good_body_is_read_as_it_is(rf: RequestFactory) -> None:
    value = {"a": [1, 2.5, None, True, "ä\\u0000"], "b": {}}
    assert answer(rf, Echoes.as_view(), json.dumps(value).encode()).data == {"got": value}


def test_a_body_of_another_kind_is_a_415(rf: RequestFactory) -> None:
    response = answer(rf, Echoes.as_view(), b"<a/>", media="text/xml")
    assert response.status_code == 415
    assert response.data["errors"][0]["code"] == "unsupported_media_type"


def test_a_body_beyond_the_limit_is_a_413(rf: RequestFactory, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = answer(rf, Echoes.as_view(), b'"' + b"x" * 200 + b'"')
    assert response.status_code == 413
    assert response.data["errors"][0]["code"] == "too_large"
