"""Coaching: a rule that walks and breathes, its library, and deciding one of its points."""

from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

from coach.decisions.models import Decision, DecisionPoint, DecisionRule
from coach.decisions.services import plan, publish_rule
from coach.library.models import Message
from coach.library.services import load_library
from tests.factories.phone import battery, local, upload
from tests.factories.studies import JOINED_AT
from wellness.studies.models import Device, Enrollment, Study
from wellness.work.kinds import run_one

TUESDAY = date(2026, 1, 6)
SLOT = "15:30"

RULE: dict[str, Any] = {
    "name": "afternoon",
    "decision_point": {"slots": [SLOT], "window_min": 60, "grace_min": 30},
    "available_if": {"var": "mins_since_sent", "op": ">=", "value": 120},
    "offer_if": {"var": "steps_60m", "op": "<", "value": 1500},
    "options": [
        {"id": "none"},
        {"id": "walk", "intervention": "brisk-walk"},
        {"id": "breathing", "intervention": "slow-breathing"},
    ],
    "policy": {"type": "mrt", "probs": {"walk": 0.3, "breathing": 0.2}},
    "on_unknown": "skip",
    "budget": {"per_day": 2, "quiet": ["22:00", "07:00"]},
    "proximal_outcome": {"stream": "steps", "window_min": 60},
}
ALWAYS = {"policy": {"type": "mrt", "probs": {"walk": 0.475, "breathing": 0.475}}}


def body(**changes: Any) -> dict[str, Any]:
    """The rule with some of its parts replaced; None takes a part away."""
    changed = deepcopy(RULE) | changes
    return {name: part for name, part in changed.items() if part is not None}


def rule(study: Study, priority: int = 100, **changes: Any) -> DecisionRule:
    """A published rule, with the library it draws from."""
    load_library(now=JOINED_AT)
    return publish_rule(study=study, body=body(**changes), now=JOINED_AT, priority=priority)


def slot(on: date = TUESDAY) -> datetime:
    """When ada's point of a date is due."""
    return local(on, SLOT)


def awake(device: Device, until: datetime) -> None:
    """The phone is heard of in the two hours before."""
    upload(device, until, battery=battery(until - timedelta(hours=2), until))


def points(enrollment: Enrollment, on: date = TUESDAY) -> list[DecisionPoint]:
    """The person's planned points of a date."""
    plan(now=local(on, "00:30"), only=enrollment)
    return list(DecisionPoint.objects.filter(enrollment=enrollment, on=on).order_by("due_at", "pk"))


def decided(enrollment: Enrollment, on: date = TUESDAY, now: datetime | None = None) -> Decision:
    """The decision of the only point of a date, made when it is due or at `now`."""
    (point,) = points(enrollment, on)
    assert run_one("decision", point.pk, now or point.due_at)
    return Decision.objects.select_related("enrollment__study", "rule", "delivery__message").get(point=point)


def message(intervention: str = "brisk-walk") -> Message:
    """Words of an intervention of the library."""
    load_library(now=JOINED_AT)
    return Message.objects.filter(intervention__slug=intervention).order_by("slug")[0]
