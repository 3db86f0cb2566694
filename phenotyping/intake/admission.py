"""Whether an upload may be read now, decided before its body is (trust.md sections 5 and 6).

Uploads wait so that what keeps people safe does not: answers never ask here. Of the
work only what uploads cause counts (`Kind.slows_uploads`): gathering and refitting may be behind for hours.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import BigIntegerField, DateField

from phenotyping.intake.models import Shelf, Upload
from wellness import disk
from wellness.budget import overspent
from wellness.lib.refusal import Refusal
from wellness.prepared import Given, Select
from wellness.studies.models import Device
from wellness.work import kinds
from wellness.work.lag import Lag

HOUR_S = 3_600
EVERYONE_GETS_IN = timedelta(hours=1)
PATIENCE_S = (30, 300)
READ_IN_VAIN = 60  # so many uploads a body counts as that was read and is refused for good
_FULL_TODAY = Select(
    lambda: Shelf.objects.filter(
        enrollment_id=Given("person", BigIntegerField()),
        bytes_on=Given("today", DateField()),
        n_bytes_on__gte=Given("limit", BigIntegerField()),
    ).values_list("pk")
)
_lags: dict[str, Lag] = {}


def admit(*, device: Device, upload_id: UUID, now: datetime) -> None:
    """Return when the upload may be read; Refusal, that says when to try again, when not.

    One that is settled is let in, for the phone must learn so; but nothing beyond what a device may ask.
    """
    limit = settings.UPLOADS_PER_HOUR
    left_s = limit and overspent(f"uploads:{device.pk}", limit=limit, window_s=HOUR_S, now=now)
    if left_s:
        raise _later("too_many_uploads", f"A phone sends at most {limit} uploads an hour.", 429, left_s)
    refusal = _full() or _behind(device, now) or _enough_today(device, now)
    if refusal and not Upload.objects.filter(device=device, public_id=upload_id).exists():
        raise refusal


def charge(device: Device, refusal: Refusal, now: datetime) -> None:
    """Count what a refused upload cost beside having been asked for; no phone should send its like again.

    Reading one takes seconds of a processor and adds nothing to what its person sent today.
    """
    limit = settings.UPLOADS_PER_HOUR
    if limit and not refusal.retry and refusal.status in (400, 413, 422):
        overspent(f"uploads:{device.pk}", limit=limit, window_s=HOUR_S, now=now, spend=READ_IN_VAIN - 1)


def _full() -> Refusal | None:
    try:
        disk.require_room()
    except disk.DiskLow:
        return _later("storage_low", "The server is short of room; send the upload again later.", 503)
    return None


def _behind(device: Device, now: datetime) -> Refusal | None:
    """The refusal while days wait too long, except of a phone that could hand in nothing for an hour."""
    longest_s = settings.UPLOADS_WAIT_S
    if not longest_s or _waiting(now).total_seconds() <= longest_s:
        return None
    if not Upload.objects.filter(device=device, received_at__gt=now - EVERYONE_GETS_IN).exists():
        return None
    return _later("busy", "The server is behind with its work; send the upload again later.", 503)


def _waiting(now: datetime) -> timedelta:
    """How long work that uploads make waits for a worker."""
    slowing = [kind for kind in kinds.KINDS.values() if kind.slows_uploads]
    return max((_lags.setdefault(kind.name, Lag(kind.due)).at(now) for kind in slowing), default=timedelta(0))


def _enough_today(device: Device, now: datetime) -> Refusal | None:
    """The refusal until midnight UTC of a person whose uploads of today fill the day."""
    limit, today = settings.UPLOAD_DAY_BYTES, now.astimezone(UTC).date()
    if not limit or not _FULL_TODAY.rows(person=device.enrollment_id, today=today, limit=limit):
        return None
    midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), UTC)
    message = f"A person's phones send at most {limit} bytes a day."
    return _later("daily_limit", message, 429, (midnight - now).total_seconds())


def _later(code: str, message: str, status: int, after_s: float = 0.0) -> Refusal:
    """The refusal; phones that are told so together do not all come back together."""
    jitter_s = random.uniform(*PATIENCE_S)  # nosec B311 # noqa: S311  no secret
    return Refusal(code, message, status=status, retry_after_s=after_s + jitter_s)
