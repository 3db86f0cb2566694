"""One shape for every error of the API: {"errors": [{"code", "message", "field"}], "retry": false}."""

from __future__ import annotations

import logging
import math
import random
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from wellness.consent.gate import PersonLeft
from wellness.lib.diskfull import is_disk_full
from wellness.lib.refusal import Refusal
from wellness.studies.keys import KeyDestroyed

logger = logging.getLogger(__name__)
TRANSIENT = (
    status.HTTP_429_TOO_MANY_REQUESTS,
    status.HTTP_503_SERVICE_UNAVAILABLE,
    status.HTTP_507_INSUFFICIENT_STORAGE,
)
SOON_S = (30, 60)  # apart, so that phones that were refused together do not come back together
INVALID = {"required": "missing_value", "null": "missing_value", "blank": "missing_value"}


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception in a view; None lets an unexpected one become a 500."""
    _let_go(exc)
    if isinstance(exc, KeyDestroyed):  # erased while this was under way
        exc = PersonLeft()
    if isinstance(exc, Refusal):
        return _refused(exc)
    if isinstance(exc, RequestDataTooBig):
        return _answer(
            [_error("too_large", "The body is too large.")], status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
        )
    if isinstance(exc, OperationalError | InterfaceError):
        logger.error("database: %s", type(exc).__name__, exc_info=exc)
        if is_disk_full(exc):
            busy = _answer([_error("storage_full", "Try again later.")], status.HTTP_507_INSUFFICIENT_STORAGE)
        else:
            busy = _answer([_error("unavailable", "Try again later.")], status.HTTP_503_SERVICE_UNAVAILABLE)
        busy.headers["Retry-After"] = _retry_after(None)
        return busy
    return _of_rest_framework(exc, context)


def _let_go(exc: BaseException | None) -> None:
    """Forget the local variables of what failed: a body among them would stay until Python looks for garbage.

    Most exceptions are named in a function that they came through, and so keep themselves alive.
    """
    while exc is not None and not settings.DEBUG:
        traceback.clear_frames(exc.__traceback__)
        exc = exc.__context__


def _refused(exc: Refusal) -> Response:
    response = _answer([_error(exc.code, exc.message, exc.field)], exc.status)
    response.data = exc.extra | response.data | {"retry": exc.retry}
    if exc.retry:
        response.headers["Retry-After"] = _retry_after(exc.retry_after_s)
    return response


def _retry_after(seconds: float | None) -> str:
    """Whole seconds; half a minute or more where nothing better is known."""
    return str(math.ceil(random.uniform(*SOON_S) if seconds is None else seconds))  # nosec B311 # noqa: S311


def _of_rest_framework(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's answer, its headers kept, its body in our shape."""
    theirs = exception_handler(exc, context)
    if theirs is None:
        return None
    code = theirs.status_code
    if isinstance(exc, ValidationError):
        errors, code = list(_flatten(exc.detail)), status.HTTP_422_UNPROCESSABLE_ENTITY
    elif isinstance(exc, APIException):
        errors = list(_flatten(exc.detail))
    else:  # Django's Http404 and PermissionDenied
        errors = list(_flatten(theirs.data.get("detail", "")))
    ours = _answer(errors, code)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in theirs.headers:
            ours.headers[name] = theirs.headers[name]
    return ours


def _flatten(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """One error for every leaf of REST framework's nested details; `field` is its dotted path."""
    if isinstance(detail, Mapping):
        for name, below in detail.items():
            own = "" if name in ("non_field_errors", "detail") else str(name)
            yield from _flatten(below, ".".join(filter(None, (field, own))))
    elif isinstance(detail, list | tuple):
        for below in detail:
            yield from _flatten(below, field)
    else:
        code = str(detail.code) if isinstance(detail, ErrorDetail) else "error"
        yield _error(INVALID.get(code, code), str(detail), field)


def _error(code: str, message: str, field: str = "") -> dict[str, str]:
    return {"code": code, "message": message, "field": field}


def _answer(errors: list[dict[str, str]], code: int) -> Response:
    return Response({"errors": errors, "retry": code in TRANSIENT}, status=code)
