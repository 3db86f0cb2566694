"""Phones: invited, registered once, known by a token of which only the digest is kept."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from wellness.audit.services import SERVICE, Actor, enrollment_chain, record
from wellness.lib.ids import new_secret, secret_digest
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device, Enrollment
from wellness.studies.services.invitation import recognise, use
from wellness.studies.services.presence import require_here

LONGEST_NAME = 40


def register_device(
    *,
    code: str,
    platform: str,
    now: datetime,
    model_name: str = "",
    os_version: str = "",
    app_version: str = "",
) -> tuple[Device, str]:
    """The device an invitation brought and its token, shown once; else InvitationRefused."""
    invitation = recognise(code=code, now=now)
    with transaction.atomic():
        use(invitation, now=now)
        return issue_device(
            enrollment=invitation.enrollment,
            platform=platform,
            now=now,
            model_name=model_name,
            os_version=os_version,
            app_version=app_version,
        )


@transaction.atomic
def issue_device(
    *,
    enrollment: Enrollment,
    platform: str,
    now: datetime,
    model_name: str = "",
    os_version: str = "",
    app_version: str = "",
) -> tuple[Device, str]:
    """A device of an enrollment and its token, without an invitation: for importers and tests."""
    token = new_secret()
    require_here(enrollment)
    device = Device.objects.create(
        enrollment=enrollment,
        platform=Device.Platform(platform),
        model_name=model_name,
        os_version=os_version,
        app_version=app_version,
        token_digest=secret_digest(token),
    )
    record(
        chain=enrollment_chain(enrollment.public_id),
        actor=device.actor,
        action="device.register",
        object=f"device:{device.public_id}",
        at=now,
    )
    return device, token


@transaction.atomic
def revoke_device(*, device: Device, now: datetime, actor: Actor = SERVICE) -> None:
    """Its token opens nothing from the next request on."""
    if Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now) == 0:
        return
    device.revoked_at = now
    record(
        chain=enrollment_chain(device.enrollment.public_id),
        actor=actor,
        action="device.revoke",
        object=f"device:{device.public_id}",
        at=now,
    )


@transaction.atomic
def rename_device(*, device: Device, name: str, now: datetime, actor: Actor = SERVICE) -> None:
    """The phone under the name that its owner gives it; without one, under its model again."""
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME:
        message = f"A name has {LONGEST_NAME} letters at most."
        raise Refusal("name_too_long", message, field="name")
    require_here(device.enrollment)
    device.given_name = name
    device.save(update_fields=["given_name"])
    record(
        chain=enrollment_chain(device.enrollment.public_id),
        actor=actor,
        action="device.rename",
        object=f"device:{device.public_id}",
        at=now,
    )
