"""Proximal outcomes: computed from all data once their window is complete, and again when data come late."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Case, DateTimeField, F, When

from coach.decisions.hearing import BEFORE, PRESENCE, heard_share, steps_in
from coach.decisions.models import Outcome
from phenotyping.intake.models import Chunk
from wellness.consent import gate
from wellness.consent.purposes import INTERVENE
from wellness.prepared import Given, Select
from wellness.studies import keys
from wellness.studies.models import Enrollment
from wellness.work.claims import LeaseLost

MIN_HEARD = 0.5
ASK_AGAIN = timedelta(hours=1)
_TOUCHED = Select(
    lambda: Outcome.objects.filter(
        enrollment_id=Given("person", BigIntegerField()),
        window_starts_at__lte=Given("until", DateTimeField()),
        window_ends_at__gte=Given("since", DateTimeField()),
    ).values_list("pk")
)


def close(pk: int, fence: int, now: datetime) -> None:
    """Settle one claimed outcome: observed, missing with its reason, or open until data reach its end."""
    outcome = Outcome.objects.select_related("enrollment__study").get(pk=pk)
    permits = gate.permitted(outcome.enrollment, INTERVENE, PRESENCE, at=now)
    fields = _settled(outcome, frozenset(permits), now)
    with transaction.atomic():
        person = gate.lock(outcome.enrollment)
        if gate.permitted(person, INTERVENE, PRESENCE, at=now).keys() != permits.keys():
            raise LeaseLost("consent changed while the outcome was computed")
        mine = Outcome.objects.filter(pk=pk, fence=fence)
        closed = mine.update(computed_seq=outcome.stale_seq, **fields)
        if closed == 0 or not Outcome.objects.all().release(pk, fence):
            raise LeaseLost(f"outcome {pk}")


def _settled(outcome: Outcome, permitted: frozenset[str], now: datetime) -> dict[str, Any]:
    if "steps" not in permitted:
        return _missing("consent", now)
    person, start, end = outcome.enrollment, outcome.window_starts_at, outcome.window_ends_at
    complete = Chunk.objects.filter(enrollment=person, state=Chunk.State.LIVE, last_at__gte=end).exists()
    if not complete and now < outcome.deadline_at:
        return {"run_after": now + ASK_AGAIN}
    if heard_share(person, permitted, start, end) < MIN_HEARD:
        return _missing("phone_not_heard", now)
    return {
        "state": Outcome.State.OBSERVED,
        "sealed_value": keys.seal_json(person, context(outcome), steps_in(person, start, end)),
        "missing_because": "",
        "closed_at": now,
    }


def _missing(because: str, now: datetime) -> dict[str, Any]:
    return {
        "state": Outcome.State.MISSING,
        "sealed_value": None,
        "missing_because": because,
        "closed_at": now,
    }


def give_up(enrollment: Enrollment, now: datetime) -> None:
    """Close what is open and make nothing due: the person left."""
    rows = Outcome.objects.filter(enrollment=enrollment)
    rows.filter(state=Outcome.State.OPEN).update(**_missing("consent", now))
    rows.update(computed_seq=F("stale_seq"))


def context(outcome: Outcome) -> str:
    """What an outcome's sealed value is bound to."""
    return f"outcome|{outcome.decision_id}|value"


def opened(outcome: Outcome) -> float | None:
    """The observed value in its unit, None while open or when missing."""
    if outcome.sealed_value is None:
        return None
    value: float = keys.unseal_json(outcome.enrollment, context(outcome), bytes(outcome.sealed_value))
    return value


def mark_stale(enrollment: Enrollment, spans: Sequence[tuple[datetime, datetime]]) -> None:
    """Make closed outcomes due again whose window the new data touch, and open ones due at once."""
    if not spans:
        return
    first_at, last_at = min(first for first, _ in spans), max(last for _, last in spans)
    since = first_at - BEFORE
    if not _TOUCHED.rows(person=enrollment.pk, since=since, until=last_at):  # as it is for most uploads
        return
    rows = Outcome.objects.filter(
        enrollment=enrollment, window_starts_at__lte=last_at, window_ends_at__gte=since
    )
    # Open ones too: one of them may be closing just now, from samples that it read before these came.
    open_ = When(state=Outcome.State.OPEN, then=F("window_ends_at"))
    rows.update(stale_seq=F("stale_seq") + 1, run_after=Case(open_, default=F("run_after")))
