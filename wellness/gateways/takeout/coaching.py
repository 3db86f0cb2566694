"""What the coach decided, sent and learned, and how the person was kept safe."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from coach.decisions.explain import why
from coach.decisions.models import Decision, Outcome
from coach.decisions.outcomes import opened
from coach.decisions.replay import context_of, reasons_of, trace_of
from coach.delivery.models import Delivery
from coach.safety.models import Alert, Contraindication, Hold
from wellness.studies.models import Enrollment


def decisions(person: Enrollment, now: datetime) -> list[dict[str, Any]]:
    """Every decision about the person: what was known, by which rule and chance, and why, in words."""
    rows = Decision.objects.filter(enrollment=person).order_by("at", "pk")
    outcomes = {one.decision_id: one for one in Outcome.objects.filter(enrollment=person)}
    return [
        _decision(row, outcomes.get(row.pk))
        for row in rows.select_related("rule", "enrollment__study", "delivery").iterator(chunk_size=500)
    ]


def deliveries(person: Enrollment, now: datetime) -> list[dict[str, Any]]:
    """Every suggestion, whether it was sent, and what the person answered."""
    told = ("public_id", "message__text", "channel", "state", "blocked_by", "created_at", "sent_at")
    rows = Delivery.objects.filter(enrollment=person).order_by("created_at", "pk")
    return list(rows.values(*told, "opened_at", "response", "responded_at"))


def safety(person: Enrollment, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Alerts that reached a human, times in which the coach rested, and what is never suggested."""
    alerts = ("raised_at", "severity", "rule", "acknowledged_at", "resolved_at", "disposition")
    holds = ("kind", "starts_at", "ends_at", "lifted_at", "reason")
    return {
        "alerts": _told(Alert.objects.filter(enrollment=person).order_by("raised_at"), alerts),
        "holds": _told(Hold.objects.filter(enrollment=person).order_by("starts_at"), holds),
        "never_suggested_for": _told(
            Contraindication.objects.filter(enrollment=person), ("condition", "since", "ended_at")
        ),
    }


def _told(rows: QuerySet[Any], names: tuple[str, ...]) -> list[dict[str, Any]]:
    """What rows say, opened."""
    found = rows.select_related("enrollment__study")
    return [{name: getattr(row, name) for name in names} for row in found]


def _decision(row: Decision, outcome: Outcome | None) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "at": row.at,
        "rule": str(row.rule),
        "available": row.available,
        "reasons": reasons_of(row),
        "option": row.option,
        "probability": row.propensity,
        "probabilities": row.probabilities,
        "policy_version": row.policy_version,
        "delivery": row.delivery.public_id if row.delivery else None,
        "why": why(row),
        "context": context_of(row),
        "trace": trace_of(row),
        "outcome": _outcome(outcome) if outcome else None,
    }


def _outcome(row: Outcome) -> dict[str, Any]:
    return {
        "variable": row.variable,
        "unit": row.unit,
        "from_at": row.window_starts_at,
        "until_at": row.window_ends_at,
        "state": row.state,
        "value": opened(row),
        "missing_because": row.missing_because or None,
    }
