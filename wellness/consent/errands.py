"""What consent has workers do: rows that are due, in the order in which a sweep looks for them."""

from __future__ import annotations

from wellness.consent import agenda, approvals, emergency, notices, recipients, telling
from wellness.consent.erasure import job
from wellness.consent.models import (
    ApprovalRequest,
    ConsentAgenda,
    ConsentNotice,
    ErasureRequest,
    RecipientNotice,
)
from wellness.studies.models import EmergencyAccess
from wellness.work.kinds import Kind, register

ERRANDS = (
    Kind(job.KIND, "erase", ErasureRequest.objects.due, job.run),
    Kind("consent", "decide", ConsentAgenda.objects.due, agenda.attend),
    Kind("consent_notice", "decide", ConsentNotice.objects.due, notices.send),
    Kind(approvals.KIND, "decide", ApprovalRequest.objects.due, approvals.tell),
    Kind(recipients.KIND, "decide", RecipientNotice.objects.due, telling.run),
    Kind("emergency", "crisis", EmergencyAccess.objects.due, emergency.tell),
)


def join() -> None:
    """Make them known; called once, when the site starts."""
    for errand in ERRANDS:
        register(errand)
