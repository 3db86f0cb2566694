"""Nothing is served, worked on or commanded before a restored database has the withdrawals that it lacks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, connection

from wellness.consent.tombstones.log import LogBroken
from wellness.consent.tombstones.replaying import settle
from wellness.lib.clock import utc_now

logger = logging.getLogger(__name__)
Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]
LIVENESS = "/health/live"
ASK_AGAIN_S = 2.0
# Commands of schemas, files and settings; verifiers, who read only and may have no right to write; and `up`,
# for what it starts settles.
HARMLESS = frozenset(
    {
        *("audit_checkpoint", "audit_verify", "consent_verify", "database_roles", "ledger_verify"),
        *("bench", "check", "collectstatic", "compilemessages", "diffsettings", "help", "makemessages"),
        *("makemigrations", "migrate", "showmigrations", "sqlmigrate", "spectacular", "test", "tombstones"),
        *("up", "version"),
    }
)


def require_settled() -> None:
    """Return when the database lacks no withdrawal; ImproperlyConfigured when that cannot be known."""
    try:
        settle(utc_now())
    except LogBroken as error:
        hint = "Bring the folder TOMBSTONE_DIR back, or see manage.py tombstones."
        raise ImproperlyConfigured(f"{error}. {hint}") from error
    finally:
        if not connection.in_atomic_block:
            connection.close()  # a web server or pool may fork now


def wait_until_settled() -> None:
    """`require_settled`, as soon as the database answers."""
    while not _tried():
        time.sleep(ASK_AGAIN_S)


class Settled:
    """A WSGI application that answers 503, and only whether it is alive, until the database is settled."""

    def __init__(self, application: Wsgi) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._settled = _tried()

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        if not self._settled and environ.get("PATH_INFO") != LIVENESS:
            with self._lock:
                self._settled = self._settled or _tried()
            if not self._settled:
                start_response("503 Service Unavailable", [("Retry-After", "30"), ("Content-Length", "0")])
                return [b""]
        return self._application(environ, start_response)


def _tried() -> bool:
    try:
        require_settled()
    except (OperationalError, InterfaceError) as error:
        logger.error("the database does not answer: %s", type(error).__name__)
        return False
    return True
