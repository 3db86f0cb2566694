"""Telling participants what somebody else had recorded of their consent."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from wellness.audit.models import Outcome
from wellness.audit.services import SERVICE, enrollment_chain, record
from wellness.consent.models import ConsentNotice
from wellness.work.claims import LeaseLost

SUBJECT = "Something was recorded about your consent"
# Nothing of what the study is about: mail is read on locked screens and by others.
TEXT = (
    "Your study team recorded something about your consent: a form that was signed on paper, or who signs "
    "for you.\n\nSign in and look under Me, Consent. If it is not as you wish, you can take it back there at "
    "once, and no reason is needed.\n"
)


def send(pk: int, fence: int, now: datetime) -> None:
    """Tell the participant of one event by e-mail, and put on record that they were, or had no address."""
    notice = ConsentNotice.objects.select_related("event__enrollment__user").get(pk=pk)
    person = notice.event.enrollment
    to = person.user.email if person.user else ""
    with transaction.atomic():
        if not ConsentNotice.objects.filter(sent_at=None).release(pk, fence):
            raise LeaseLost(f"consent notice {pk}")
        ConsentNotice.objects.filter(pk=pk).update(sent_at=now)
        record(
            chain=enrollment_chain(person.public_id),
            actor=SERVICE,
            action="consent.notify",
            object=f"consent_event:{notice.event.public_id}",
            outcome=Outcome.DONE if to else Outcome.REFUSED,
            reason="" if to else "no address",
            at=now,
        )
        if to:  # last: a mail that fails undoes the rest, and is tried again
            send_mail(SUBJECT, TEXT, settings.DEFAULT_FROM_EMAIL, [to])
