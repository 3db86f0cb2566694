"""Corrections: the later answer counts, the earlier one stays, and only with consent."""

from datetime import timedelta
from uuid import uuid4

import pytest

from coach.safety.models import Alert
from phenotyping.days.models import Day
from phenotyping.surveys.instruments import load_instruments
from phenotyping.surveys.models import Answer, Instrument
from phenotyping.surveys.selectors import self_report, versions
from phenotyping.surveys.services import answer, correct, opened, reason_of
from tests.factories import JOINED_AT
from wellness.audit.models import AuditEntry
from wellness.consent.gate import ConsentDenied
from wellness.consent.services import withdraw
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment
from wellness.work.kinds import drain

NOW = JOINED_AT + timedelta(days=2)
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def original(ada: Enrollment) -> Answer:
    load_instruments()
    return answer(
        enrollment=ada,
        instrument=Instrument.objects.get(slug="check-in"),
        public_id=uuid4(),
        values={"mood": 7, "stress": 2},
        recorded_at=NOW,
        now=NOW,
    )


def _mood(person: Enrollment) -> dict[str, float]:
    return self_report(person, NOW - timedelta(hours=1), NOW + timedelta(hours=1))


def test_the_correction_counts_and_the_first_answer_stays(ada: Enrollment, original: Answer) -> None:
    drain(NOW, "day")
    before = Day.objects.get().values_sha256
    later = correct(original=original, public_id=uuid4(), values={"mood": 3}, reason=" a slip ", now=LATER)
    assert (later.recorded_at, later.received_at) == (NOW, LATER)
    assert _mood(ada) == {"survey.mood": 3.0}
    assert [opened(one)["mood"] for one in versions(later)] == [3, 7]
    assert [reason_of(one) for one in versions(later)] == ["a slip", ""]
    assert b"slip" not in bytes(later.sealed_reason or b"")
    drain(LATER, "day")
    assert Day.objects.get().values_sha256 != before
    assert AuditEntry.objects.filter(action="answer.correct", object=f"answer:{later.public_id}").count() == 1


def test_striking_out_leaves_no_value(ada: Enrollment, original: Answer) -> None:
    correct(original=original, public_id=uuid4(), values={}, reason="not mine", now=LATER)
    assert _mood(ada) == {}


def test_sent_twice_it_is_stored_once(original: Answer) -> None:
    same = {"original": original, "public_id": uuid4(), "values": {"mood": 3}, "reason": "a slip"}
    assert correct(**same, now=LATER).pk == correct(**same, now=LATER + timedelta(minutes=1)).pk
    assert Answer.objects.count() == 2


def test_an_answer_is_corrected_once_and_then_its_correction(original: Answer) -> None:
    later = correct(original=original, public_id=uuid4(), values={"mood": 3}, reason="a slip", now=LATER)
    with pytest.raises(Refusal, match="already_corrected"):
        correct(original=original, public_id=uuid4(), values={"mood": 4}, reason="a slip", now=LATER)
    last = correct(original=later, public_id=uuid4(), values={"mood": 4}, reason="again", now=LATER)
    assert [opened(one)["mood"] for one in versions(last)] == [4, 3, 7]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_without_a_reason_nothing_is_corrected(original: Answer, reason: str) -> None:
    with pytest.raises(Refusal, match="reason_required"):
        correct(original=original, public_id=uuid4(), values={"mood": 3}, reason=reason, now=LATER)
    assert Answer.objects.count() == 1


def test_after_withdrawal_nothing_new_is_kept(ada: Enrollment, original: Answer) -> None:
    withdraw(enrollment=ada, now=LATER)
    with pytest.raises(ConsentDenied):
        correct(original=original, public_id=uuid4(), values={"mood": 3}, reason="a slip", now=LATER)


def test_a_grave_correction_raises_an_alert(original: Answer) -> None:
    correct(original=original, public_id=uuid4(), values={"support": 2}, reason="I hid it", now=LATER)
    assert Alert.objects.count() == 1
