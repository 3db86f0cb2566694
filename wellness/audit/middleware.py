"""Gives each request an id, made here, that its entries and its answer carry; notes answers that say no."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from wellness.audit import refusals
from wellness.audit.context import Context, during
from wellness.budget import source_of
from wellness.lib.ids import uuid7

AGENT = 200  # characters of a user agent that are kept


class Trail:
    """Outermost, so that everything a request causes is within it. An id that a client sends is not read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        agent = request.META.get("HTTP_USER_AGENT", "")[:AGENT]
        with during(Context(str(uuid7()), source_of(request.META), agent)) as context:
            response = self.get_response(request)
            refusals.note(request, response.status_code)
        response["X-Request-ID"] = context.request_id
        return response
