"""Who works in a study: roles taken up and given back."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from wellness.accounts.models import User
from wellness.audit.services import SERVICE, SYSTEM_CHAIN, Actor, record
from wellness.lib.refusal import Refusal
from wellness.studies.models import Assignment, Membership, Reach, Role, Site, Study


@transaction.atomic
def add_member(
    *,
    study: Study,
    user: User,
    role: str,
    site: Site | None = None,
    reach: str = Reach.SITE,
    actor: Actor = SERVICE,
) -> Membership:
    """The role a user now holds in a study, or at one site of it; Refusal when they hold it already."""
    if site is not None and site.study_id != study.pk:
        raise Refusal("site_elsewhere", "That site belongs to another study.", field="site")
    if Reach(reach) == Reach.ASSIGNED and Role(role) != Role.CLINICIAN:
        raise Refusal("reach_of_clinicians", "Only clinicians have people assigned to them.", field="reach")
    try:
        with transaction.atomic():
            member = Membership.objects.create(
                study=study, user=user, role=Role(role), site=site, reach=Reach(reach)
            )
    except IntegrityError:
        message = "That account has this role in the study already."
        raise Refusal("already_member", message, status=409, field="role") from None
    _note(member, "membership.add", actor)
    return member


@transaction.atomic
def end_member(*, member: Membership, actor: Actor, now: datetime) -> None:
    """The role is over from the next request on, and with a clinician's the people assigned to them.

    Refused for the last administrator of the whole study: nobody could give roles any more.
    """
    study = Study.objects.select_for_update(no_key=True).get(pk=member.study_id)  # one leaves at a time
    held = Membership.objects.filter(study=study, ended_at=None)
    giving = held.filter(role=Role.ADMINISTRATOR, site=None)
    if giving.filter(pk=member.pk).exists() and not giving.exclude(pk=member.pk).exists():
        message = "A study needs an administrator; give the role to somebody else first."
        raise Refusal("last_administrator", message, status=409, field="member")
    if held.filter(pk=member.pk).update(ended_at=now) == 0:
        return
    member.ended_at = now
    if member.role == Role.CLINICIAN:
        theirs = Assignment.objects.active().filter(user=member.user, enrollment__study=study)
        theirs.update(ended_at=now)
    _note(member, "membership.end", actor, at=now)


def _note(member: Membership, action: str, actor: Actor, at: datetime | None = None) -> None:
    where = f" at {member.site.slug}" if member.site else ""
    record(
        chain=SYSTEM_CHAIN,
        actor=actor,
        action=action,
        object=f"user:{member.user.public_id}",
        reason=f"{member.role}, reach {member.reach}{where}, in study {member.study.public_id}",
        at=at,
    )
