"""Reading request bodies: what a database or a strict reader could not keep is refused before any view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.conf import settings
from rest_framework.parsers import BaseParser

from wellness.lib.refusal import Refusal


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it: UTF-8, finite numbers, no NUL, no lone surrogates, no bottomless nesting."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value; Refusal `too_large` or `bad_json`."""
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise Refusal("too_large", "The body is too large.", status=413)
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise Refusal("bad_json", "The body is not valid JSON.", status=400) from None
        if b"\\u0000" in body and _holds_nul(value):
            raise Refusal("bad_json", "A text may not hold the character NUL.", status=400)
        return value


def _holds_nul(value: Any) -> bool:
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str) and "\0" in one:
            return True
        if isinstance(one, dict):
            pending += [*one, *one.values()]
        elif isinstance(one, list):
            pending += one
    return False
