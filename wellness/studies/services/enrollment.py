"""Joining a study, and where the person's clock is."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from wellness.accounts.models import User
from wellness.audit.services import SERVICE, Actor, enrollment_chain, record
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import Enrollment, Phase, Site, Study, ZoneChange
from wellness.studies.services.presence import require_here


@transaction.atomic
def enroll(
    *,
    study: Study,
    code: str,
    zone: str,
    now: datetime,
    user: User | None = None,
    site: Site | None = None,
    started_at: datetime | None = None,
    actor: Actor = SERVICE,
) -> Enrollment:
    """A person's part in a study, active from now on, with a data key of its own and no consent yet."""
    _require_zone(zone)
    if study.ended_at and study.ended_at <= now:
        raise Refusal("study_ended", "The study has ended.", status=409)
    if site is not None and site.study_id != study.pk:
        raise Refusal("site_elsewhere", "That site belongs to another study.", field="site")
    try:
        with transaction.atomic():
            enrollment = Enrollment.objects.create(
                study=study,
                code=code,
                user=user,
                site=site,
                phase=Phase.ACTIVE,
                started_at=started_at or now,
            )
    except IntegrityError:
        message = "The study already has a participant with that code or account."
        raise Refusal("already_enrolled", message, status=409, field="code") from None
    ZoneChange.objects.create(enrollment=enrollment, from_at=started_at or now, zone=zone)
    keys.make(enrollment)
    record(chain=enrollment_chain(enrollment.public_id), actor=actor, action="enrollment.create", at=now)
    return enrollment


@transaction.atomic
def change_zone(*, enrollment: Enrollment, zone: str, from_at: datetime) -> ZoneChange | None:
    """The change of the person's time zone, or None when that zone is already in force at `from_at`."""
    _require_zone(zone)
    if enrollment.zones().at(from_at) == zone:
        return None
    require_here(enrollment)
    change, _ = ZoneChange.objects.update_or_create(
        enrollment=enrollment, from_at=from_at, defaults={"zone": zone}
    )
    return change


def settle_zone(*, enrollment: Enrollment, zone: str, from_at: datetime) -> None:
    """Have `zone` in force from `from_at` on: by a change where another one was just before, else by none."""
    _require_zone(zone)
    changes = ZoneChange.objects.filter(enrollment=enrollment, from_at__lte=from_at).order_by("-from_at")
    here, before = None, None
    for change in changes[:2]:
        if change.from_at == from_at:
            here = change
        else:
            before = before or change
    if before is not None and before.zone == zone:
        if here is not None:
            here.delete()
    elif here is None:
        ZoneChange.objects.create(enrollment=enrollment, zone=zone, from_at=from_at)
    elif here.zone != zone:
        here.zone = zone
        here.save(update_fields=["zone"])


def _require_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # KeyError: no such name; the others: not a name at all
        raise Refusal(
            "unknown_timezone", f"There is no time zone named {zone[:64]!r}.", field="timezone"
        ) from None
