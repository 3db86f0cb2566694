"""Raising alerts and setting holds; rule-based, never decided by a model."""

from datetime import datetime, timedelta

from django.db import transaction

from coach.safety.models import Alert, Hold
from phenotyping.surveys.instruments import Values, severity
from phenotyping.surveys.models import Answer
from wellness.accounts.models import User
from wellness.audit.services import SERVICE, enrollment_chain, record
from wellness.consent import gate
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment

# Acknowledged within (trust.md section 7.1.3); the ceiling for any is 12 h.
ACKNOWLEDGE_WITHIN = {
    Alert.Severity.IMMINENT: timedelta(minutes=15),
    Alert.Severity.MODERATE: timedelta(hours=4),
    Alert.Severity.LOW: timedelta(hours=12),
}
CRISIS_SILENCE = timedelta(hours=24)
ANSWER_RULE = "answer"
LONGEST_DISPOSITION = 200


def answer_given(answer: Answer, values: Values, now: datetime) -> None:
    """Call for help, in the answer's own transaction, when a safety item fires."""
    grave = severity(answer.instrument, values)
    if grave is not None:
        source = f"answer:{answer.public_id}"
        call_for_help(enrollment=answer.enrollment, severity=grave, source=source, now=now)


@transaction.atomic
def call_for_help(*, enrollment: Enrollment, severity: str, source: str, now: datetime) -> Alert:
    """The alert that a person's own words raised; the coach is silent from now on, for a day."""
    alert = raise_alert(enrollment=enrollment, rule=ANSWER_RULE, severity=severity, source=source, now=now)
    hold(enrollment=enrollment, kind=Hold.Kind.CRISIS, now=now, ends_at=now + CRISIS_SILENCE)
    return alert


@transaction.atomic
def raise_alert(*, enrollment: Enrollment, rule: str, severity: str, source: str, now: datetime) -> Alert:
    """The open alert of this rule; a new cause reopens it and can only make it graver and sooner."""
    gate.lock(enrollment)  # one cause at a time, so that two make one alert
    due_at = now + ACKNOWLEDGE_WITHIN[Alert.Severity(severity)]
    alert = Alert.objects.open().select_for_update().filter(enrollment=enrollment, rule=rule).first()
    if alert is None:
        alert = Alert(enrollment=enrollment, rule=rule, severity=severity, raised_at=now, due_at=due_at)
    elif alert.acknowledged_at is None:
        due_at = min(alert.due_at, due_at)
    alert.severity = min(alert.severity, severity, key=list(Alert.Severity.values).index)
    alert.source, alert.due_at = source, due_at
    alert.acknowledged_at = alert.acknowledged_by = None
    alert.save()
    _record(enrollment, "alert.raise", f"alert:{alert.public_id}", None, now)
    return alert


@transaction.atomic
def acknowledge(*, alert: Alert, user: User, now: datetime) -> None:
    """Somebody has seen it; the clock stops, the alert stays open."""
    unseen = Alert.objects.open().filter(pk=alert.pk, acknowledged_at=None)
    if unseen.update(acknowledged_at=now, acknowledged_by=user):
        _record(alert.enrollment, "alert.acknowledge", f"alert:{alert.public_id}", user, now)


@transaction.atomic
def resolve(*, alert: Alert, user: User, disposition: str, now: datetime) -> None:
    """Close an alert with what was done; Refusal without a disposition, or with one that is too long."""
    said = disposition.strip()
    if not 0 < len(said) <= LONGEST_DISPOSITION:
        message = f"Say, in at most {LONGEST_DISPOSITION} characters, what was done about the alert."
        raise Refusal("disposition_missing", message, field="disposition")
    acknowledge(alert=alert, user=user, now=now)
    open_ = Alert.objects.open().select_for_update(of=("self",)).filter(pk=alert.pk).first()
    if open_ is not None:
        open_.resolved_at, open_.disposition = now, said
        open_.save(update_fields=["resolved_at", "disposition"])
        _record(alert.enrollment, "alert.resolve", f"alert:{alert.public_id}", user, now)


@transaction.atomic
def hold(
    *,
    enrollment: Enrollment,
    kind: str,
    now: datetime,
    ends_at: datetime | None = None,
    user: User | None = None,
    reason: str = "",
) -> Hold:
    """A new hold: the coach is silent from now until it ends or is lifted."""
    person = gate.lock(enrollment)
    made = Hold.objects.create(
        enrollment=person,
        kind=Hold.Kind(kind),
        starts_at=now,
        ends_at=ends_at,
        set_by=user,
        reason=reason,
    )
    _record(enrollment, "hold.set", f"hold:{made.kind}", user, now)
    return made


@transaction.atomic
def lift(*, enrollment: Enrollment, kind: str, now: datetime, user: User | None = None) -> int:
    """How many holds of this kind are lifted."""
    held = Hold.objects.filter(enrollment=enrollment, kind=kind).in_force(now)
    n_lifted = held.update(lifted_at=now)
    if n_lifted:
        _record(enrollment, "hold.lift", f"hold:{kind}", user, now)
    return n_lifted


def _record(enrollment: Enrollment, action: str, about: str, user: User | None, now: datetime) -> None:
    actor = user.actor if user else SERVICE
    record(chain=enrollment_chain(enrollment.public_id), actor=actor, action=action, object=about, at=now)
