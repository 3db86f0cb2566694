"""The coaching log: every decision, whether it could be made, how the coin fell and what followed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from coach.decisions.explain import SILENCE
from coach.decisions.models import Decision, Outcome
from coach.decisions.outcomes import opened
from coach.decisions.replay import reasons_of
from wellness.studies.models import Enrollment
from wellness.web.words import reason

LENGTH = 30


@dataclass(frozen=True)
class LogLine:
    """One decision in words."""

    at: datetime
    available: str
    chance: str
    option: str
    message: str
    delivery: str
    response: str
    outcome: str


def coaching_log(
    enrollment: Enrollment, now: datetime, *, sees_outcome: bool, sees_answers: bool
) -> list[LogLine]:
    """The latest decisions, newest first; what comes from steps or answers only when those are shared."""
    made = Decision.objects.filter(enrollment=enrollment, at__lte=now)
    made = made.select_related("delivery__message__intervention", "outcome").order_by("-at")
    return [_line(decision, enrollment, sees_outcome, sees_answers) for decision in made[:LENGTH]]


def suggested_at(enrollment: Enrollment, since: datetime) -> frozenset[datetime]:
    """When suggestions were sent."""
    sent = Decision.objects.filter(enrollment=enrollment, at__gte=since, delivery__state="sent")
    return frozenset(at for at in sent.values_list("delivery__sent_at", flat=True) if at)


def _line(decision: Decision, enrollment: Enrollment, sees_outcome: bool, sees_answers: bool) -> LogLine:
    delivery = decision.delivery
    said = [code if sees_answers or code != "crisis_hold" else "resting" for code in reasons_of(decision)]
    reasons = ", ".join(SILENCE.get(code, reason(code)).replace("you ", "they ") for code in said)
    return LogLine(
        at=decision.at,
        available="yes" if decision.available else f"no: {reasons or 'the moment did not fit'}",
        chance=f"{decision.propensity:.0%}" if decision.available else "–",
        option=decision.option.replace("_", " ") if decision.available else "–",
        message=delivery.message.intervention.title if delivery else "",
        delivery=_delivery(decision),
        response=delivery.get_response_display() or "no answer" if delivery and delivery.sent_at else "–",
        outcome=_outcome(decision, enrollment, sees_outcome),
    )


def _delivery(decision: Decision) -> str:
    delivery = decision.delivery
    if delivery is None:
        return "nothing to send"
    return f"{delivery.state}: {reason(delivery.blocked_by)}" if delivery.blocked_by else str(delivery.state)


def _outcome(decision: Decision, enrollment: Enrollment, sees_outcome: bool) -> str:
    outcome: Outcome | None = getattr(decision, "outcome", None)
    if outcome is None:
        return "–"
    if outcome.state == Outcome.State.OPEN:
        return "not yet"
    if outcome.state == Outcome.State.MISSING:
        return f"missing: {reason(outcome.missing_because)}"
    if not sees_outcome:
        return "not shared"
    outcome.enrollment = enrollment  # already read, with its study
    value = opened(outcome)
    minutes = (outcome.window_ends_at - outcome.window_starts_at) / timedelta(minutes=1)
    return "–" if value is None else f"{value:,.0f} {outcome.unit} in {minutes:.0f} min"
