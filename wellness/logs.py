"""Log lines without values: where something failed and as what, never with which data.

The message of an exception may quote whatever it failed on, an address a query string, so neither is written.
"""

from __future__ import annotations

import copy
import logging
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

UNTOLD = "(not told)"
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configuration(level: str) -> dict[str, Any]:
    """Django's LOGGING: our lines from this level on, those of libraries never below INFO."""
    ours = {room: {"level": level} for room in ("wellness", "phenotyping", "coach")}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "wellness.logs.Discreet", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": ours
        | {
            "kombu.connection": {"level": "ERROR"},  # warns that a folder has no host name
            "django": {"handlers": [], "level": "NOTSET"},  # Django mails all there is in a crashed request
        },
        # What libraries tell a developer quotes bodies and headers.
        "root": {"handlers": ["console"], "level": "INFO" if level == "DEBUG" else level},
    }


class Discreet(logging.Formatter):
    """A line and the frames of what was raised."""

    def format(self, record: logging.LogRecord) -> str:
        """The record in text; its exceptions are told by type, its request by route."""
        told = copy.copy(record)
        told.exc_text = None  # another handler may have written the message into it
        told.args = _told(record)
        return super().format(told)

    def formatException(self, ei: _Raised) -> str:  # noqa: N802  logging's name
        """The types and frames of an exception and of what led to it."""
        return "\n".join(frames(ei[1])) if ei[1] else ""


def frames(raised: BaseException) -> Iterator[str]:
    """An exception in lines, innermost cause first: each type with its places in the code."""
    before = raised.__cause__ or (None if raised.__suppress_context__ else raised.__context__)
    if before is not None:
        yield from frames(before)
    yield f"{type(raised).__module__}.{type(raised).__qualname__}"
    for frame in traceback.extract_tb(raised.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"


def _told(record: logging.LogRecord) -> Any:
    """The arguments of a record, without what they quote."""
    given = record.args
    if isinstance(given, Mapping):
        return {name: _worded(value, record) for name, value in given.items()} | _of_a_task(record)
    if request := getattr(record, "request", None):
        route = getattr(getattr(request, "resolver_match", None), "route", None) or "an unknown address"
        given = tuple(route if str(value).startswith("/") else value for value in given or ())
    return tuple(_worded(value, record) for value in given) if given else given


def _worded(value: Any, record: logging.LogRecord) -> Any:
    return type(value).__qualname__ if isinstance(value, BaseException) else value


def _of_a_task(record: logging.LogRecord) -> dict[str, str]:
    """Celery writes out what a task raised and returned."""
    if not record.name.startswith("celery."):
        return {}
    raised = record.exc_info[0].__qualname__ if record.exc_info and record.exc_info[0] else UNTOLD
    hidden = {"exc": raised, "return_value": UNTOLD, "traceback": UNTOLD, "args": UNTOLD, "kwargs": UNTOLD}
    given = record.args if isinstance(record.args, Mapping) else {}
    return {name: value for name, value in hidden.items() if name in given}
