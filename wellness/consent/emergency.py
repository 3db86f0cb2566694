"""Opening a record in an emergency: by a clinician of the study who does not have the person in their care.

It shows what the person shares with clinicians and no more, for four hours, with a reason, and somebody who
watches over it is told at once and has to judge it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from wellness.accounts.models import User
from wellness.audit.services import enrollment_chain, record
from wellness.consent import gate
from wellness.consent.purposes import CONSENT_STREAMS, SHARE_CLINICIAN
from wellness.lib.refusal import Refusal
from wellness.studies import keys
from wellness.studies.models import EmergencyAccess, Enrollment, Membership, Role
from wellness.work.claims import LeaseLost
from wellness.work.tasks import wake

LASTS = timedelta(hours=4)
LEAST_REASON = 15
EMERGENCY = "emergency"


@transaction.atomic
def open_record(*, enrollment: Enrollment, user: User, reason: str, now: datetime) -> EmergencyAccess:
    """The access that shows this record for four hours; the one there is, while it lasts.

    Refused, with one answer for all of it, when the user is no clinician of the study, and when the person
    has left, was forgotten or shares nothing with clinicians.
    """
    person = gate.lock(enrollment)
    if len(reason.strip()) < LEAST_REASON:
        message = f"Say in {LEAST_REASON} characters or more why this cannot wait."
        raise Refusal("reason_too_short", message, field="reason")
    clinician = Membership.objects.filter(
        user=user, study=person.study_id, role=Role.CLINICIAN, ended_at=None
    )
    shared = gate.permitted(person, SHARE_CLINICIAN, CONSENT_STREAMS, at=now)
    if not clinician.exists() or not shared or keys.is_shredded(person):
        raise NotToBeOpened
    if not watchers(person):
        message = "Nobody watches over emergencies in this study, so no record can be opened in one."
        raise Refusal("nobody_to_tell", message, status=409)
    known: EmergencyAccess | None = (
        EmergencyAccess.objects.open(now).filter(enrollment=person, user=user).first()
    )
    return known or _opened(person, user, reason.strip(), now)


class NotToBeOpened(Refusal):
    """There is no such record, or none that may be opened: nobody learns which."""

    def __init__(self) -> None:
        message = "There is no record of that name that could be opened in an emergency."
        super().__init__("not_to_be_opened", message, status=404, field="code")


@transaction.atomic
def judge(*, access: EmergencyAccess, verdict: str, by: User, now: datetime) -> None:
    """The access with a verdict on it, which also ends it; Refusal for one's own and a judged one."""
    if verdict not in EmergencyAccess.Verdict.values:
        raise Refusal("unknown_verdict", "Say whether it was justified.", field="verdict")
    if access.user_id == by.pk:
        raise Refusal("own_access", "Somebody else has to judge this.", status=403)
    open_ = EmergencyAccess.objects.unreviewed().filter(pk=access.pk)
    if open_.update(verdict=verdict, reviewed_by=by, reviewed_at=now) == 0:
        raise Refusal("judged_before", "This has been judged already.", status=409)
    _note(access, "emergency.judge", by, now, reason=verdict)


def reason_of(access: EmergencyAccess) -> str:
    """What the clinician gave as the reason; "" once the person was forgotten."""
    try:
        said: str = keys.unseal_json(access.enrollment, _context(access), bytes(access.sealed_reason))
    except keys.KeyDestroyed:
        return ""
    return said


def watchers(person: Enrollment) -> list[str]:
    """The addresses of whoever watches over emergencies: the study's administrators, the privacy officers."""
    held = Membership.objects.filter(study=person.study_id, role=Role.ADMINISTRATOR, ended_at=None)
    administrators = [one.user.email for one in held.select_related("user")]
    return sorted({*administrators, *settings.PRIVACY_OFFICERS})


def tell(pk: int, fence: int, now: datetime) -> None:
    """Tell everyone who watches of one claimed access: that it was, not whose record nor why."""
    access = EmergencyAccess.objects.select_related("enrollment__study").get(pk=pk)
    study = access.enrollment.study
    body = (
        "A clinician opened a record that is not in their care, as an emergency.\n"
        f"Sign in and open /console/{study.slug}/reviews/ to see the reason and to judge it.\n"
    )
    for address in watchers(access.enrollment):  # each alone: nobody needs the others' addresses
        EmailMessage("A record was opened in an emergency", body, to=[address]).send()
    with transaction.atomic():
        told = EmergencyAccess.objects.filter(pk=pk, fence=fence, told_at=None).update(told_at=now)
        if told == 0 or not EmergencyAccess.objects.all().release(pk, fence):
            raise LeaseLost(f"emergency access {pk}")


def _opened(person: Enrollment, user: User, reason: str, now: datetime) -> EmergencyAccess:
    access = EmergencyAccess(
        enrollment=person, user=user, opened_at=now, expires_at=now + LASTS, run_after=now
    )
    access.sealed_reason = keys.seal_json(person, _context(access), reason)
    access.save()
    _note(access, "emergency.open", user, now, reason="not in their care", words=reason)
    wake("emergency", access.pk)
    return access


def _context(access: EmergencyAccess) -> str:
    return f"emergency|{access.public_id}|reason"


def _note(
    access: EmergencyAccess, action: str, by: User, now: datetime, *, reason: str, words: str = ""
) -> None:
    record(
        chain=enrollment_chain(access.enrollment.public_id),
        actor=by.actor,
        action=action,
        object=f"emergency_access:{access.public_id}",
        purpose=EMERGENCY,
        on_behalf_of=f"enrollment:{access.enrollment.public_id}",
        reason=reason,
        detail={"why": words} if words else {},
        epoch=access.enrollment.consent_epoch,
        at=now,
    )
