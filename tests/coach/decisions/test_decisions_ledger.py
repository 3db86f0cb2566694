"""The ledger: constraints hold for raw SQL too, rows are never changed, and each can be made again."""

from copy import copy
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from coach.decisions.explain import why
from coach.decisions.ledger import sealed_as
from coach.decisions.models import Decision, DecisionPoint
from coach.decisions.replay import context_of, replay
from tests.factories.coaching import TUESDAY, awake, decided, rule, slot
from tests.factories.phone import local
from wellness.audit.appendonly import AppendOnlyError
from wellness.lib.canonical import canonical
from wellness.studies import keys
from wellness.studies.models import Device, Enrollment


@pytest.fixture
def decision(ada: Enrollment, device: tuple[Device, str]) -> Decision:
    """An available decision of ada."""
    awake(device[0], slot())
    rule(ada.study)
    return decided(ada)


def _insert(decision: Decision, **changes: Any) -> None:
    """Another point's decision, written past the model."""
    on = local(TUESDAY, "18:00")
    point = DecisionPoint.objects.create(
        enrollment=decision.enrollment,
        rule=decision.rule,
        on=TUESDAY,
        slot="18:00",
        due_at=on,
        grace_until=on,
    )
    row = {field.attname: getattr(decision, field.attname) for field in Decision._meta.concrete_fields}
    row |= {"public_id": uuid4(), "point_id": point.pk, "delivery_id": None} | changes
    fields = [field for field in Decision._meta.concrete_fields if field.attname != "id"]
    values = [field.get_db_prep_save(row[field.attname], connection) for field in fields]
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(values))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{Decision._meta.db_table}" ({names}) VALUES ({marks})', values)  # noqa: S608


@pytest.mark.parametrize(
    "changes",
    [
        {"available": True, "propensity": 0.0},
        {"available": True, "propensity": 1.0},
        {"available": True, "draw": None},
        {"available": True, "draw": 1.0},
        {"available": False, "option": "walk", "propensity": 0.0, "draw": None},
        {"available": False, "option": "none", "propensity": 0.3, "draw": None},
        {"available": False, "option": "none", "propensity": 0.0, "draw": 0.3},
    ],
)
def test_the_database_knows_what_a_decision_is(decision: Decision, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        _insert(decision, **changes)
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"available": True, "propensity": 0.3},
        {"available": False, "option": "none", "propensity": 0.0, "draw": None},
    ],
)
def test_a_sound_row_is_taken(decision: Decision, changes: dict[str, Any]) -> None:
    _insert(decision, **changes)
    assert Decision.objects.count() == 2


@pytest.mark.parametrize("statement", ['UPDATE "{}" SET propensity = 0.4', 'DELETE FROM "{}"'])
def test_history_is_never_changed(decision: Decision, statement: str) -> None:
    table = Decision._meta.db_table
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    with pytest.raises(AppendOnlyError):
        Decision.objects.update(propensity=0.4)


def test_a_decision_is_made_again_bit_for_bit(decision: Decision) -> None:
    assert replay(decision) == []
    assert keys.digest(decision.enrollment, context_of(decision)) == decision.context_sha256


def test_an_unavailable_one_too(ada: Enrollment) -> None:
    rule(ada.study)
    decision = decided(ada)  # nothing is known of the phone
    assert not decision.available
    assert replay(decision) == []


def test_a_tampered_context_is_found(decision: Decision) -> None:
    context = context_of(decision)
    context["readings"]["steps_60m"]["value"] = 9_000.0
    forged = copy(decision)
    part = sealed_as(decision.public_id, "context")
    forged.sealed_context = keys.seal(decision.enrollment, part, canonical(context))
    differs = replay(forged)
    assert {"available", "context_sha256", "reasons", "trace"} <= set(differs)


@pytest.mark.parametrize(("column", "value"), [("propensity", 0.31), ("draw", 0.123), ("option", "nap")])
def test_a_tampered_column_is_found(decision: Decision, column: str, value: Any) -> None:
    forged = copy(decision)
    setattr(forged, column, value)
    assert replay(forged) == [column]


def test_another_key_draws_another_number(decision: Decision, settings: Any) -> None:
    settings.DRAW_KEY = "k" * 64
    assert "draw" in replay(decision)


def test_the_command_reports_and_fails_on_a_difference(decision: Decision, settings: Any) -> None:
    out = StringIO()
    call_command("replay_decisions", study=decision.enrollment.study.slug, stdout=out)
    assert "1 decisions replayed alike, 0 differ" in out.getvalue()
    settings.DRAW_KEY = "k" * 64
    with pytest.raises(CommandError, match="1 decisions differ"):
        call_command("replay_decisions", stdout=out)
    assert str(decision.public_id) in out.getvalue()


def test_a_forgotten_persons_decisions_are_counted_apart(decision: Decision) -> None:
    keys.shred(decision.enrollment, now=slot())
    out = StringIO()
    call_command("replay_decisions", stdout=out)
    assert "0 decisions replayed alike, 0 differ, 1 of erased people" in out.getvalue()


def test_the_reason_is_a_sentence(decision: Decision) -> None:
    walked, rested = copy(decision), copy(decision)
    walked.option, walked.propensity = "walk", 0.3
    rested.option, rested.propensity = "none", 0.5
    assert why(walked) == (
        "Offered because steps in the last hour were 0, below 1,500. "
        "Which suggestion, or none, is drawn by chance; this one had a chance of 30 %."
    )
    assert why(rested) == "The moment was right, and chance decided, at 50 %, to offer nothing this time."


def test_silence_and_ignorance_are_sentences_too(ada: Enrollment) -> None:
    rule(ada.study)
    decision = decided(ada)  # nothing is known of the phone
    assert why(decision) == "Not offered because steps in the last hour are not known."
    silent = copy(decision)
    silent.reasons = ["quiet_hours", "unknown:steps_60m"]
    assert why(silent) == "Nothing was offered because it was in your quiet hours."
