"""Phones: invited, registered once, known by a token of which only the digest is kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from wellness.audit.models import ActorKind, Outcome
from wellness.audit.services import SERVICE, Actor, enrollment_chain, record
from wellness.lib.ids import new_secret, secret_digest
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device, Enrollment, Invitation

INVITATION_LASTS = timedelta(days=7)


class InvitationRefused(Refusal):
    """The code opens nothing: unknown, used or expired get the same answer."""

    def __init__(self) -> None:
        super().__init__("invitation_refused", "This invitation cannot be used.", status=403, field="code")


@transaction.atomic
def invite(*, enrollment: Enrollment, now: datetime, actor: Actor = SERVICE) -> str:
    """A code that registers one device within seven days; shown once."""
    code = new_secret()
    Invitation.objects.create(
        enrollment=enrollment, code_digest=secret_digest(code), expires_at=now + INVITATION_LASTS
    )
    record(chain=enrollment_chain(enrollment.public_id), actor=actor, action="device.invite", at=now)
    return code


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
    invitation = (
        Invitation.objects.select_related("enrollment__study").filter(code_digest=secret_digest(code)).first()
    )
    if invitation is None:
        raise InvitationRefused
    with transaction.atomic():
        if Invitation.objects.open(now).filter(pk=invitation.pk).update(used_at=now) == 1:
            return issue_device(
                enrollment=invitation.enrollment,
                platform=platform,
                now=now,
                model_name=model_name,
                os_version=os_version,
                app_version=app_version,
            )
    record(  # after the transaction above, so that the refusal stays recorded
        chain=enrollment_chain(invitation.enrollment.public_id),
        actor=SERVICE,
        action="device.register",
        outcome=Outcome.REFUSED,
        reason="invitation used or expired",
        at=now,
    )
    raise InvitationRefused


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
        actor=Actor(ActorKind.DEVICE, str(device.public_id)),
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
