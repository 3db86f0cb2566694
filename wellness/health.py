"""What a load balancer asks: is the process alive, and can it serve."""

import logging
from collections.abc import Callable
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache

from wellness import disk
from wellness.audit import watch
from wellness.consent.models import RecipientNotice
from wellness.lib.clock import utc_now

logger = logging.getLogger(__name__)


def _database() -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _storage() -> None:
    """What an upload needs: an object is written, and can be taken away again."""
    chunks = storages["chunks"]
    chunks.delete(chunks.save(f"ready/{uuid4()}", ContentFile(b"ready")))


PARTS: dict[str, Callable[[], None]] = {
    "database": _database,
    "storage": _storage,
    "disk": disk.require_room,
}


def _record() -> None:
    """Triggers refuse changes and checkpoints follow; why not, `guard` says in the log."""
    if watch.problems(now=utc_now()):
        raise RuntimeError("the record is at risk")


def _recipients() -> None:
    """Everyone who has data of somebody who withdrew was told in time."""
    if RecipientNotice.objects.overdue(utc_now()).exists():
        raise RuntimeError("a recipient was not told of a withdrawal in time")


NOTES: dict[str, Callable[[], None]] = {
    "audit": _record,
    "recipients": _recipients,
}  # told, and no reason to turn people away


@never_cache
def live(_: HttpRequest) -> JsonResponse:
    """200 as long as this process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
def ready(_: HttpRequest) -> JsonResponse:
    """200 when database and object storage answer and disks have room, else 503; and what is wrong."""
    parts = {name: _answers(name, ask) for name, ask in PARTS.items()}
    ok = all(parts.values())
    parts |= {name: _answers(name, ask) for name, ask in NOTES.items()}
    words = {name: "ok" if up else "failed" for name, up in parts.items()}
    return JsonResponse({"status": "ok" if ok else "failed"} | words, status=200 if ok else 503)


def _answers(name: str, ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Exception:
        logger.exception("%s does not answer", name)
        return False
    return True


urlpatterns = [path("live", live, name="live"), path("ready", ready, name="ready")]
