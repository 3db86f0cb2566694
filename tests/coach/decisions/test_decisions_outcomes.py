"""Proximal outcomes: observed, or missing with a reason and never 0; computed again when data come late."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.decisions import outcomes
from coach.decisions.hearing import heard_share, steps_between
from coach.decisions.models import Outcome
from coach.decisions.outcomes import mark_stale, opened
from tests.factories.coaching import awake, decided, rule, slot
from tests.factories.phone import MINUTE, battery, upload, uses, walk
from wellness.consent.purposes import INTERVENE
from wellness.consent.services import withdraw
from wellness.lib.clock import from_us, to_us
from wellness.studies.models import Device, Enrollment
from wellness.work.kinds import drain

Phone = tuple[Device, str]
HOUR = timedelta(hours=1)
ENDS = slot() + HOUR


@pytest.fixture
def outcome(ada: Enrollment, device: Phone) -> Outcome:
    """The open outcome of a decision: steps in the hour after."""
    awake(device[0], slot())
    rule(ada.study)
    decided(ada)
    return Outcome.objects.get()


def _close(outcome: Outcome, now: object = ENDS) -> Outcome:
    drain(now, "outcome")  # type: ignore[arg-type]
    outcome.refresh_from_db()
    return outcome


def test_it_is_observed_once_data_reach_its_end(outcome: Outcome, device: Phone) -> None:
    assert not Outcome.objects.due(ENDS - MINUTE).exists()
    upload(device[0], ENDS, battery=battery(slot(), ENDS))
    assert _close(outcome).state == Outcome.State.OPEN
    upload(
        device[0], ENDS + MINUTE, battery=battery(ENDS, ENDS + MINUTE), steps=walk(slot() - 5 * MINUTE, 15)
    )
    assert Outcome.objects.due(ENDS + MINUTE).exists()
    closed = _close(outcome, ENDS + MINUTE)
    assert (closed.state, closed.unit, opened(closed)) == (Outcome.State.OBSERVED, "steps", 1_000.0)


def test_nothing_walked_is_zero_when_the_phone_was_there(outcome: Outcome, device: Phone) -> None:
    upload(device[0], ENDS + MINUTE, battery=battery(slot(), ENDS + MINUTE))
    assert opened(_close(outcome, ENDS + MINUTE)) == 0.0


def test_a_silent_phone_is_missing_and_not_zero(outcome: Outcome, device: Phone) -> None:
    later = ENDS + timedelta(hours=5)
    upload(device[0], later, battery=battery(later - HOUR, later), calls={"time": []} | _no_calls())
    Outcome.objects.update(window_starts_at=slot() + HOUR, window_ends_at=ENDS + HOUR)
    closed = _close(outcome, later)
    assert (closed.state, closed.missing_because) == (Outcome.State.MISSING, "phone_not_heard")
    assert opened(closed) is None


def _no_calls() -> dict[str, list[object]]:
    return {"direction": [], "duration_s": []}


def test_after_its_deadline_it_waits_no_longer(outcome: Outcome) -> None:
    assert _close(outcome, outcome.deadline_at - MINUTE).state == Outcome.State.OPEN
    Outcome.objects.update(window_starts_at=slot() + 2 * HOUR, window_ends_at=ENDS + 2 * HOUR)
    closed = _close(outcome, outcome.deadline_at + HOUR)
    assert (closed.state, closed.missing_because) == (Outcome.State.MISSING, "phone_not_heard")


def test_late_data_compute_it_again_to_the_same_as_in_order(outcome: Outcome, device: Phone) -> None:
    upload(device[0], ENDS + MINUTE, battery=battery(slot(), ENDS + MINUTE), steps=walk(slot(), 10))
    assert opened(_close(outcome, ENDS + MINUTE)) == 1_000.0
    assert not Outcome.objects.due(ENDS + HOUR).exists()
    late = ENDS + timedelta(days=9)
    upload(device[0], late, steps=walk(slot() + 20 * MINUTE, 5))
    upload(device[0], late, steps=walk(slot(), 10))
    assert opened(_close(outcome, late)) == 1_500.0


def test_data_that_come_while_it_closes_compute_it_again(
    outcome: Outcome, device: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the samples and taking the person's lock, as the upload did that made it due."""
    settled, late = outcomes._settled, ENDS + HOUR

    def settled_before_an_upload(*args: Any) -> Any:
        found = settled(*args)
        monkeypatch.undo()
        upload(device[0], late, steps=walk(slot(), 10))
        return found

    upload(device[0], late, battery=battery(slot(), late))
    monkeypatch.setattr(outcomes, "_settled", settled_before_an_upload)
    assert drain(late, "outcome") == {"outcome": 2}
    outcome.refresh_from_db()
    assert opened(outcome) == 1_000.0


def test_an_open_one_waits_for_its_end_whatever_comes(outcome: Outcome, device: Phone) -> None:
    upload(device[0], slot() + MINUTE, steps=walk(slot(), 1))
    assert not Outcome.objects.due(ENDS - MINUTE).exists()


def test_data_of_another_time_leave_it_alone(ada: Enrollment, outcome: Outcome, device: Phone) -> None:
    upload(device[0], ENDS + MINUTE, battery=battery(slot(), ENDS + MINUTE))
    _close(outcome, ENDS + MINUTE)
    upload(device[0], ENDS + 6 * HOUR, steps=walk(ENDS + 4 * HOUR, 10))
    mark_stale(ada, [])
    assert not Outcome.objects.due(ENDS + 9 * HOUR).exists()


def test_without_consent_it_is_missing_for_that_reason(
    ada: Enrollment, outcome: Outcome, device: Phone
) -> None:
    upload(device[0], ENDS + MINUTE, battery=battery(slot(), ENDS + MINUTE), steps=walk(slot(), 10))
    withdraw(enrollment=ada, scopes=[(INTERVENE, "steps")], now=ENDS + MINUTE)
    closed = _close(outcome, ENDS + MINUTE)
    assert (closed.state, closed.missing_because) == (Outcome.State.MISSING, "consent")


def test_a_stream_that_may_not_be_used_vouches_for_nothing(ada: Enrollment, device: Phone) -> None:
    upload(device[0], ENDS, screen=uses((slot(), slot() + 5 * MINUTE)))
    assert heard_share(ada, ["screen"], slot(), ENDS) == 1
    assert heard_share(ada, ["battery"], slot(), ENDS) == 0
    assert heard_share(ada, ["screen"], ENDS, ENDS + HOUR) == pytest.approx(5 / 60)


@given(
    begins=st.lists(st.integers(0, 7_200), min_size=1, max_size=20),
    length=st.integers(1, 3_600),
    cut=st.integers(1, 7_199),
)
def test_steps_of_two_halves_are_those_of_the_whole(begins: list[int], length: int, cut: int) -> None:
    start = to_us(slot())
    columns = {
        "time": np.array(sorted(begins), np.int64) * 1_000_000 + start,
        "steps": np.arange(len(begins)) + 1,
        "duration_s": np.full(len(begins), float(length)),
    }
    edges = [from_us(start + second * 1_000_000) for second in (0, cut, 20_000)]
    whole = steps_between(columns, edges[0], edges[2])
    assert whole == pytest.approx(sum(range(len(begins) + 1)))
    assert steps_between(columns, edges[0], edges[1]) + steps_between(columns, *edges[1:]) == pytest.approx(
        whole
    )
