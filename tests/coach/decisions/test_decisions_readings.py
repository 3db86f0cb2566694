"""Readings: what a rule sees of a person at one instant, with its age and coverage, and only with consent."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from coach.decisions.readings import gather
from coach.decisions.variables import NOTHING_SENT_MIN, REGISTRY
from coach.delivery.services import queue
from coach.rules.variables import Reading
from phenotyping.days.models import Day
from phenotyping.surveys.instruments import load_instruments
from phenotyping.surveys.models import Instrument
from phenotyping.surveys.services import answer
from tests.factories.coaching import TUESDAY, awake, message, slot
from tests.factories.phone import MINUTE, battery, local, rows, upload, uses, walk
from wellness.consent.purposes import CONSENT_STREAMS, SURVEY
from wellness.lib.clock import to_us
from wellness.studies.models import Device, Enrollment
from wellness.work.kinds import drain

Phone = tuple[Device, str]
NOW = slot()


def _read(ada: Enrollment, name: str) -> Reading:
    return gather(ada, [name], CONSENT_STREAMS, NOW)[name]


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_nothing_known_is_no_value(ada: Enrollment, name: str) -> None:
    found = _read(ada, name)
    known = {"weekend": False, "mins_since_sent": NOTHING_SENT_MIN}
    assert (found.value, found.consented, found.unit) == (known.get(name), True, REGISTRY[name].unit)


@pytest.mark.parametrize("name", sorted(name for name, one in REGISTRY.items() if one.streams))
def test_without_consent_nothing_is_read(ada: Enrollment, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.decisions.readings._TAKERS", {})
    found = gather(ada, [name], set(CONSENT_STREAMS) - set(REGISTRY[name].streams), NOW)[name]
    assert (found.value, found.observed_at_us, found.consented) == (None, None, False)


def test_steps_of_an_hour_in_which_the_phone_was_heard_of(ada: Enrollment, device: Phone) -> None:
    awake(device[0], NOW)
    upload(device[0], NOW, steps=walk(NOW - 65 * MINUTE, 20))
    found = _read(ada, "steps_60m")
    assert (found.value, found.observed_at_us) == (1_500.0, to_us(NOW))
    assert found.coverage == pytest.approx(1)


def test_half_an_hour_of_silence_is_seen_in_the_coverage(ada: Enrollment, device: Phone) -> None:
    early = NOW - timedelta(minutes=105)
    upload(device[0], NOW, battery=rows([early], level=[50.0], status=["full"]))
    assert _read(ada, "steps_60m").coverage == pytest.approx(0.25)


def test_minutes_of_use_in_the_last_hour(ada: Enrollment, device: Phone) -> None:
    spans = [(NOW - 65 * MINUTE, NOW - 50 * MINUTE), (NOW - 5 * MINUTE, NOW - 2 * MINUTE)]
    upload(device[0], NOW, screen=uses(*spans))
    assert _read(ada, "unlocked_60m").value == pytest.approx(13)


def test_yesterday_and_tonight_come_from_computed_days(ada: Enrollment, device: Phone) -> None:
    monday, start = TUESDAY - timedelta(days=1), local(TUESDAY - timedelta(days=1), "00:00")
    upload(
        device[0],
        NOW,
        battery=battery(start, NOW),
        steps=walk(local(monday, "12:00"), 20),
        screen=uses(
            (local(monday, "22:50"), local(monday, "23:00")),
            (local(TUESDAY, "07:00"), local(TUESDAY, "07:05")),
        ),
    )
    drain(NOW, "day")
    steps, sleep = _read(ada, "steps_yesterday"), _read(ada, "sleep_last_night")
    assert (steps.value, steps.observed_at_us) == (2_000.0, to_us(local(TUESDAY, "00:00")))
    assert sleep.value == pytest.approx(480, abs=45)
    Day.objects.update(feature_set="an earlier one")
    assert _read(ada, "steps_yesterday").source_version == "an earlier one"


def test_the_twins_expectation_of_today(ada: Enrollment, device: Phone) -> None:
    for k in (3, 2, 1):
        on = TUESDAY - timedelta(days=k)
        start = local(on, "00:00")
        phone = battery(start, start + timedelta(days=1))
        upload(device[0], NOW, battery=phone, steps=walk(local(on, "12:00"), 30))
    drain(NOW, "day", "twin")
    found = _read(ada, "steps_expected")
    assert isinstance(found.value, float)
    assert 1_500 < found.value < 5_000
    assert found.observed_at_us == to_us(NOW)


def test_the_last_rating_has_its_own_age(ada: Enrollment) -> None:
    load_instruments()
    given = NOW - timedelta(hours=3)
    answer(
        enrollment=ada,
        instrument=Instrument.objects.get(slug="check-in"),
        public_id=uuid4(),
        values={"mood": 4},
        recorded_at=given,
        now=NOW,
    )
    found = gather(ada, ["mood"], [SURVEY], NOW)["mood"]
    assert (found.value, found.observed_at_us) == (4.0, to_us(given))


def test_the_latest_activity(ada: Enrollment, device: Phone) -> None:
    times = [NOW - 20 * MINUTE, NOW - 5 * MINUTE]
    upload(device[0], NOW, activity=rows(times, activity=["still", "vehicle"]))
    found = _read(ada, "activity")
    assert (found.value, found.observed_at_us) == ("vehicle", to_us(times[1]))


def test_minutes_since_the_last_suggestion(ada: Enrollment) -> None:
    sent_at = NOW - timedelta(hours=3)
    queue(enrollment=ada, message=message(), now=sent_at, expires_at=NOW)
    assert _read(ada, "mins_since_sent").value == NOTHING_SENT_MIN  # not sent yet
    drain(sent_at, "delivery")
    assert _read(ada, "mins_since_sent").value == 180.0


def test_the_weekend_is_the_persons(ada: Enrollment) -> None:
    late_friday = local(date(2026, 1, 9), "23:59")
    for at, weekend in ((late_friday, False), (late_friday + MINUTE, True)):
        assert gather(ada, ["weekend"], [], at)["weekend"].value is weekend
