"""Deciding: one claimed point becomes one line of the ledger, whatever runs twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from coach.decisions.conclude import CODE_VERSION, Conclusion, conclude
from coach.decisions.hearing import PRESENCE
from coach.decisions.ledger import draw_key, ledger_fields, sealed_as
from coach.decisions.models import Decision, DecisionPoint, Outcome
from coach.decisions.snapshot import message_of, take
from coach.decisions.spec import OUTCOME_UNITS, RuleSpec, spec_of
from coach.delivery.models import Delivery
from coach.delivery.services import queue
from wellness.consent import gate
from wellness.consent.purposes import INTERVENE
from wellness.lib.canonical import canonical
from wellness.lib.clock import at_local
from wellness.studies import keys
from wellness.studies.models import Enrollment
from wellness.work.claims import LeaseLost
from wellness.work.tasks import wake

OUTCOME_PATIENCE = timedelta(days=7)


@dataclass(frozen=True)
class _Made:
    """A decision that is not written yet: what it rests on, under which streams, and how it came out."""

    id: UUID
    spec: RuleSpec
    streams: frozenset[str]
    snapshot: Mapping[str, Any]
    conclusion: Conclusion


def decide(pk: int, fence: int, now: datetime) -> None:
    """Close one claimed point: snapshot, availability, rule, draw, ledger, delivery and outcome window."""
    point = DecisionPoint.objects.select_related("enrollment__study", "rule").get(pk=pk)
    spec = spec_of(point.rule.body)
    permits = gate.permitted(point.enrollment, INTERVENE, _asked(spec), at=now)
    snapshot = take(point, spec, permits, now)
    decision_id = _id_of(point)
    conclusion = conclude(spec, snapshot, seed=draw_key(point.enrollment.study), decision_id=decision_id)
    _close(point, fence, _Made(decision_id, spec, frozenset(permits), snapshot, conclusion), now)


def _id_of(point: DecisionPoint) -> UUID:
    """One point, one coin: a second attempt after a failure must not toss again."""
    slot = f"{point.enrollment.public_id}|{point.on}|{point.slot.isoformat()}"
    return uuid5(point.rule.public_id, slot)


def _asked(spec: RuleSpec) -> frozenset[str]:
    """The streams a decision may read: those of its rule, and those that tell whether the phone was there."""
    return frozenset(spec.streams()) | frozenset(PRESENCE)


@transaction.atomic
def _close(point: DecisionPoint, fence: int, made: _Made, now: datetime) -> None:
    person = gate.lock(point.enrollment)
    permits = gate.permitted(person, INTERVENE, _asked(made.spec), at=now)
    if permits.keys() != made.streams:
        raise LeaseLost("consent changed while it was decided")
    closed = DecisionPoint.objects.filter(pk=point.pk, fence=fence, closed_at=None).update(closed_at=now)
    if closed == 0 or not DecisionPoint.objects.all().release(point.pk, fence):
        raise LeaseLost(f"decision point {point.pk}")
    trace = canonical(made.conclusion.trace)
    decision = Decision.objects.create(
        public_id=made.id,
        enrollment=person,
        point=point,
        rule=point.rule,
        at=now,
        sealed_context=keys.seal(person, sealed_as(made.id, "context"), canonical(made.snapshot)),
        context_sha256=keys.digest(person, made.snapshot),
        sealed_trace=keys.seal(person, sealed_as(made.id, "trace"), trace),
        delivery=_queued(person, made, now),
        consent_epoch=person.consent_epoch,
        consent_events=sorted({pk for permit in permits.values() for pk in permit.event_ids}),
        code_version=CODE_VERSION,
        **ledger_fields(made.conclusion),
    )
    if decision.available:
        _open_outcome(decision, made.spec, now)
    if decision.delivery_id is not None:
        wake("delivery", decision.delivery_id)


def _queued(person: Enrollment, made: _Made, now: datetime) -> Delivery | None:
    if not made.conclusion.message:
        return None
    return queue(
        enrollment=person,
        message=message_of(made.conclusion.message),
        now=now,
        expires_at=_until(person, made.spec, now),
    )


def _until(person: Enrollment, spec: RuleSpec, now: datetime) -> datetime:
    """The end of the rule's window, or the start of its quiet hours when that comes first."""
    ends_at = now + timedelta(minutes=spec.window_min)
    if spec.quiet[0] == spec.quiet[1]:
        return ends_at
    zones = person.zones()
    today = zones.local_date(now)
    starts = [at_local(today + timedelta(days=k), spec.quiet[0], zones.at(now)) for k in (0, 1)]
    return min([ends_at, *(at for at in starts if at > now)])


def _open_outcome(decision: Decision, spec: RuleSpec, now: datetime) -> None:
    ends_at = now + timedelta(minutes=spec.outcome_window_min)
    Outcome.objects.create(
        decision=decision,
        enrollment=decision.enrollment,
        variable=f"{spec.outcome_stream}_after",
        unit=OUTCOME_UNITS[spec.outcome_stream],
        window_starts_at=now,
        window_ends_at=ends_at,
        deadline_at=ends_at + OUTCOME_PATIENCE,
        run_after=ends_at,
    )
