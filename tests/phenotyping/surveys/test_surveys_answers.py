"""Answers: checked, sealed, stored once, and only with consent."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from phenotyping.days.models import Day
from phenotyping.surveys.instruments import load_instruments, severity
from phenotyping.surveys.models import Answer, Instrument
from phenotyping.surveys.selectors import latest_report, self_report
from phenotyping.surveys.services import answer, opened
from tests import factories
from tests.factories import JOINED_AT
from wellness.consent.gate import ConsentDenied
from wellness.consent.purposes import COLLECT, SURVEY
from wellness.consent.services import withdraw
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Study
from wellness.work.kinds import drain

NOW = JOINED_AT + timedelta(days=2)


@pytest.fixture
def check_in(db: None) -> Instrument:
    """The daily check-in that ships with the project."""
    load_instruments()
    return Instrument.objects.get(slug="check-in")


def _answer(ada: Enrollment, check_in: Instrument, recorded_at: datetime = NOW, **values: Any) -> Answer:
    return answer(
        enrollment=ada,
        instrument=check_in,
        public_id=uuid4(),
        values=values,
        recorded_at=recorded_at,
        now=NOW,
    )


def test_instruments_load_once(check_in: Instrument) -> None:
    assert load_instruments() == 0


def test_an_answer_is_kept_sealed_and_becomes_a_phenotype(ada: Enrollment, check_in: Instrument) -> None:
    stored = _answer(ada, check_in, mood=7, stress=None)
    assert opened(stored)["mood"] == 7
    assert opened(stored)["stress"] is None
    assert b"mood" not in bytes(stored.sealed_values)
    assert (stored.consent_epoch, bool(stored.consent_events)) == (ada.consent_epoch, True)
    drain(NOW, "day")
    assert Day.objects.get().n_values == 1
    assert self_report(ada, NOW - timedelta(hours=1), NOW + timedelta(hours=1)) == {"survey.mood": 7.0}


def test_the_same_answer_twice_is_stored_once(ada: Enrollment, check_in: Instrument) -> None:
    given: dict[str, Any] = {
        "enrollment": ada,
        "instrument": check_in,
        "public_id": uuid4(),
        "values": {"mood": 3},
        "recorded_at": NOW,
    }
    first = answer(**given, now=NOW)
    withdraw(enrollment=ada, now=NOW + timedelta(minutes=1))
    assert answer(**given, now=NOW + timedelta(hours=1)).pk == first.pk
    with pytest.raises(Refusal, match="id_taken"):
        answer(**given | {"values": {"mood": 4}}, now=NOW)
    assert Answer.objects.count() == 1


def test_somebody_elses_id_is_refused(study: Study, ada: Enrollment, check_in: Instrument) -> None:
    first = _answer(ada, check_in, mood=3)
    eli = factories.enrollment(study, "eli")
    factories.agree_to_everything(eli)
    with pytest.raises(Refusal, match="id_taken"):
        answer(
            enrollment=eli,
            instrument=check_in,
            public_id=first.public_id,
            values={"mood": 3},
            recorded_at=NOW,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"mood": 11}, "out_of_range", "mood"),
        ({"mood": -1}, "out_of_range", "mood"),
        ({"mood": True}, "wrong_type", "mood"),
        ({"mood": 5.0}, "wrong_type", "mood"),
        ({"mood": "5"}, "wrong_type", "mood"),
        ({"weather": 1}, "unknown_item", "weather"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    ada: Enrollment, check_in: Instrument, values: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        _answer(ada, check_in, **values)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not Answer.objects.exists()


def test_an_answer_from_the_future_is_refused(ada: Enrollment, check_in: Instrument) -> None:
    _answer(ada, check_in, NOW + timedelta(minutes=4), mood=5)
    with pytest.raises(Refusal, match="time_in_future"):
        _answer(ada, check_in, NOW + timedelta(minutes=6), mood=5)


def test_an_answer_needs_consent_now_and_then(ada: Enrollment, check_in: Instrument) -> None:
    with pytest.raises(ConsentDenied):
        _answer(ada, check_in, factories.COVERED_FROM - timedelta(days=1), mood=5)
    withdraw(enrollment=ada, scopes=[(COLLECT, SURVEY)], now=NOW - timedelta(minutes=1))
    with pytest.raises(ConsentDenied):
        _answer(ada, check_in, NOW - timedelta(hours=1), mood=5)
    assert not Answer.objects.exists()


def test_the_latest_rating_is_found_behind_a_sheet_without_one(ada: Enrollment, check_in: Instrument) -> None:
    early, late = NOW - timedelta(hours=5), NOW - timedelta(hours=1)
    _answer(ada, check_in, late, energy=2)
    _answer(ada, check_in, early, mood=6)
    day = NOW - timedelta(days=1)
    assert latest_report(ada, "survey.mood", day, NOW) == (early, 6.0)
    assert latest_report(ada, "survey.stress", day, NOW) is None
    assert latest_report(ada, "survey.mood", day, early) is None


def test_the_gravest_safety_rule_counts(check_in: Instrument) -> None:
    assert severity(check_in, {"support": 2}) == "imminent"
    assert severity(check_in, {"support": 1}) == "moderate"
    assert severity(check_in, {"support": 0, "mood": 0}) is None
    assert severity(check_in, {"support": None}) is None
