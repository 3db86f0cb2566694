"""Telling recipients of a withdrawal: by e-mail where they have an address, else by the staff of the study.

A mail server that is away blames nobody: it is tried each minute. An address that is refused becomes a task
of staff. Nothing is told but the name by which the recipient knows the person, and what they must not use.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q

from wellness.accounts.models import User
from wellness.audit.services import SERVICE, SYSTEM_CHAIN, Actor, enrollment_chain, record
from wellness.consent.models import RecipientNotice
from wellness.consent.models.recipient import TELLERS
from wellness.consent.modes import ANONYMISE, ERASE, HOLD, STOP
from wellness.consent.recipients import address_of
from wellness.consent.wording import streams_in_words
from wellness.lib.refusal import Refusal
from wellness.studies.models import Membership
from wellness.work.claims import LeaseLost

logger = logging.getLogger(__name__)
SUBJECT = "A participant has taken back their agreement"
ASKED = "Somebody has to be told that a participant withdrew"
REMINDED_EVERY = timedelta(days=1)
NAMED = "You are named to participants as a recipient of these data."
DEMANDS = {
    STOP: "Stop using these data, and pass them on no more.",
    ERASE: "Delete all of these data that you hold, and have those delete them to whom you passed them on.",
    ANONYMISE: "Delete these data, or keep of them only what can be led back to nobody.",
    HOLD: "Stop using these data. Keep them only as far as the study's protocol demands it.",
}


def run(pk: int, fence: int, now: datetime) -> None:
    """Tell one recipient, or have staff do it; LeaseLost when somebody else has."""
    notice = RecipientNotice.objects.select_related("study", "user", "enrollment").get(pk=pk)
    if notice.due_at <= now:
        logger.error("recipient notice %s: nobody was told in time of a withdrawal", notice.public_id)
    is_written = address_of(notice) and not notice.by_hand  # an account may have been forgotten meanwhile
    try:
        (_write if is_written else _ask_staff)(notice, fence, now)
    except SMTPRecipientsRefused:  # from now on a task of staff
        _put_off(notice, fence, by_hand=True, run_after=now)
    except OSError as error:  # smtplib's errors, too
        raise Refusal("mail_unavailable", "No mail can be sent now.", status=503, retry=True) from error


@transaction.atomic
def told_by_hand(*, notice: RecipientNotice, by: User, now: datetime) -> None:
    """Somebody of the staff has told the recipient; Refusal when that was said before."""
    if not _end(notice, now, by=by):
        raise Refusal("told_before", "They have been told already.", status=409)
    _record(notice, by.actor, now, "by hand")


def message(notice: RecipientNotice) -> str:
    """What a recipient is told, the same by e-mail and by hand."""
    why = f"You took data of which theirs are a part ({notice.about})." if notice.about else NAMED
    data = "; ".join(streams_in_words(notice.scopes)) or "being contacted"
    return (
        f"In the study {notice.study.slug}, the participant whom you know as {notice.pseudonym} took "
        f"back an agreement on {notice.withdrawn_at:%Y-%m-%d %H:%M} UTC. It was about: {data}.\n\n"
        f"{DEMANDS[notice.mode]}\n\n{why} Questions are for the study team. Reference: {notice.public_id}\n"
    )


@transaction.atomic
def _write(notice: RecipientNotice, fence: int, now: datetime) -> None:
    text, address = message(notice), address_of(notice)
    if not _end(notice, now, fence=fence):
        raise LeaseLost(f"recipient notice {notice.pk}")
    _record(notice, SERVICE, now, "by e-mail")
    EmailMessage(SUBJECT, text, to=[address]).send()  # last: a mail that fails undoes the rest


def _end(notice: RecipientNotice, now: datetime, *, by: User | None = None, **held: int) -> bool:
    """Whether the recipient was untold until now; that they are forgets which person it was about."""
    untold = RecipientNotice.objects.filter(pk=notice.pk, told_at=None, **held)
    return untold.update(told_at=now, told_by=by, pseudonym="", lease_until=None, last_error="") == 1


def _ask_staff(notice: RecipientNotice, fence: int, now: datetime) -> None:
    """Tell staff of their task: when it comes up, when it is overdue, and from then on every day."""
    body = (
        "Somebody who has data of a participant must be told that the participant withdrew, by "
        f"{notice.due_at:%Y-%m-%d %H:%M} UTC.\nSign in and open /console/{notice.study.slug}/recipients/\n"
    )
    for address in _staff(notice, now):  # each alone: nobody needs the others' addresses
        EmailMessage(ASKED, body, to=[address]).send()
    _put_off(notice, fence, run_after=max(notice.due_at, now + REMINDED_EVERY))


def _put_off(notice: RecipientNotice, fence: int, **fields: Any) -> None:
    with transaction.atomic():
        mine = RecipientNotice.objects.filter(pk=notice.pk, fence=fence, told_at=None)
        if not mine.update(**fields) or not RecipientNotice.objects.all().release(notice.pk, fence):
            raise LeaseLost(f"recipient notice {notice.pk}")


def _staff(notice: RecipientNotice, now: datetime) -> list[str]:
    """Who answers for the study where the person took part; once it is overdue the privacy officers, too."""
    there = Q(site=None) | Q(site=notice.site_id)
    held = Membership.objects.filter(there, study=notice.study_id, role__in=TELLERS, ended_at=None)
    found = {one.user.email for one in held.select_related("user") if one.user.is_active}
    late = notice.due_at <= now or not found
    return sorted(found | set(settings.PRIVACY_OFFICERS if late else ()))


def _record(notice: RecipientNotice, actor: Actor, now: datetime, how: str) -> None:
    """In the person's record while the notice leads to them, else in that of the system."""
    person = notice.enrollment
    record(
        chain=enrollment_chain(person.public_id) if person else SYSTEM_CHAIN,
        actor=actor,
        action="recipient.told",
        object=f"recipient_notice:{notice.public_id}",
        reason=how,
        at=now,
    )
