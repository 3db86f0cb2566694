"""Calls for help of people who leave for good: they stay with the staff, with nothing else, until closed.

Help that was asked for is a vital interest, and whoever leaves in a crisis may need it most (trust.md 7.1.8).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from coach.safety.models import Alert, LeftAlert
from wellness.accounts.models import User
from wellness.audit.services import SERVICE, account_chain, enrollment_chain, record
from wellness.lib.refusal import Refusal
from wellness.studies.models import Assignment, Enrollment, Membership, Role


def stay(enrollment: Enrollment, now: datetime) -> None:
    """Leave the person's open alerts with who may act on them, in the transaction in which the person leaves.

    Where the study has no clinician nobody could ever see or close one: nothing stays.
    """
    clinicians = Membership.objects.filter(study=enrollment.study_id, role=Role.CLINICIAN, ended_at=None)
    if not clinicians.exists():
        return
    assigned = Assignment.objects.active().filter(enrollment=enrollment).values_list("user", flat=True)
    for alert in Alert.objects.open().filter(enrollment=enrollment).select_for_update(of=("self",)):
        left = LeftAlert.objects.create(
            study_id=enrollment.study_id,
            site_id=enrollment.site_id,
            code=enrollment.code,
            rule=alert.rule,
            severity=alert.severity,
            raised_at=alert.raised_at,
            due_at=alert.due_at,
            left_at=now,
            acknowledged_at=alert.acknowledged_at,
            acknowledged_by_id=alert.acknowledged_by_id,
        )
        left.assignees.set(assigned)
        chain = enrollment_chain(enrollment.public_id)
        record(chain=chain, actor=SERVICE, action="alert.stay", object=_named(left), at=now)


@transaction.atomic
def acknowledge(*, alert: LeftAlert, user: User, now: datetime) -> None:
    """Somebody has seen it; it stays until it is closed."""
    unseen = LeftAlert.objects.filter(pk=alert.pk, acknowledged_at=None)
    if unseen.update(acknowledged_at=now, acknowledged_by=user):
        _record("alert.acknowledge", alert, user, now)


@transaction.atomic
def close(*, alert: LeftAlert, user: User, outcome: str, now: datetime) -> None:
    """End it with an outcome, which the record keeps; nothing else of it stays. Refusal without one."""
    if outcome not in LeftAlert.Outcome.values:
        raise Refusal("outcome_missing", "Say what became of the call for help.", field="outcome")
    here = LeftAlert.objects.select_for_update(of=("self",)).filter(pk=alert.pk).first()
    if here is not None:
        here.delete()
        _record("alert.resolve", alert, user, now, outcome)


def _record(action: str, alert: LeftAlert, user: User, now: datetime, outcome: str = "") -> None:
    """In the record of who acted, for the person has none that goes on."""
    chain, about = account_chain(user.actor), _named(alert)
    record(chain=chain, actor=user.actor, action=action, object=about, reason=outcome, at=now)


def _named(alert: LeftAlert) -> str:
    return f"left_alert:{alert.public_id}"
