"""Queueing, sending and answering deliveries."""

from datetime import datetime

from django.db import transaction

from coach.delivery import guards
from coach.delivery.models import Delivery
from coach.library.models import Message
from wellness.consent import gate
from wellness.consent.purposes import CONSENT_STREAMS, INTERVENE
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment
from wellness.work.claims import LeaseLost


def queue(*, enrollment: Enrollment, message: Message, now: datetime, expires_at: datetime) -> Delivery:
    """A pending delivery; a worker sends it unless a guard objects or it expires first."""
    return Delivery.objects.create(
        enrollment=enrollment, message=message, created_at=now, run_after=now, expires_at=expires_at
    )


@transaction.atomic
def send(pk: int, fence: int, now: datetime) -> None:
    """Settle one claimed delivery: sent, blocked with its first reason, or expired; never sent twice."""
    delivery = Delivery.objects.select_related("enrollment").get(pk=pk)
    person = gate.lock(delivery.enrollment)
    mine = Delivery.objects.filter(pk=pk, fence=fence, state=Delivery.State.PENDING)
    objections = _objections(person, now)
    if now >= delivery.expires_at:
        n = mine.update(state=Delivery.State.EXPIRED)
    elif objections:
        n = mine.update(state=Delivery.State.BLOCKED, blocked_by=guards.public(objections[0]))
    else:
        n = mine.update(state=Delivery.State.SENT, sent_at=now)
    if n == 0 or not Delivery.objects.all().release(pk, fence):
        raise LeaseLost(f"delivery {pk}")


def _objections(enrollment: Enrollment, now: datetime) -> list[str]:
    if not gate.permitted(enrollment, INTERVENE, CONSENT_STREAMS, at=now):
        return ["consent"]
    return guards.blocking(enrollment, now)


@transaction.atomic
def respond(*, delivery: Delivery, response: str, now: datetime) -> Delivery:
    """The delivery with the person's answer; a later answer replaces an earlier one.

    Raises Refusal for an unknown answer, or when the message never reached the person.
    """
    if response not in Delivery.Response.values:
        choices = ", ".join(Delivery.Response.values)
        raise Refusal("unknown_response", f"The response is one of {choices}.", field="response")
    sent = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.SENT)
    sent_at = sent.values_list("sent_at", flat=True).first()
    if sent_at is None:
        raise Refusal("not_sent", "This suggestion was not sent, so it cannot be answered.", status=409)
    at = max(now, sent_at)  # nobody answers before it came; a phone's clock may be behind
    sent.update(response=response, responded_at=at)
    sent.filter(opened_at=None).update(opened_at=at)
    delivery.refresh_from_db()
    return delivery


def mark_opened(*, delivery: Delivery, now: datetime) -> None:
    """Note when the person first saw the message."""
    Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.SENT, opened_at=None).update(opened_at=now)


def cancel_pending(*, enrollment: Enrollment) -> int:
    """How many deliveries will now never be sent."""
    return Delivery.objects.filter(enrollment=enrollment, state=Delivery.State.PENDING).update(
        state=Delivery.State.CANCELLED
    )
