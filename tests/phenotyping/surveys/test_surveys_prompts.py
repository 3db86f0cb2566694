"""Prompts: asked once a local day, open for a while, answered or expired."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from phenotyping.surveys.instruments import load_instruments
from phenotyping.surveys.models import Instrument, Prompt
from phenotyping.surveys.prompts import expire_prompts, plan_all_prompts, plan_prompts
from phenotyping.surveys.selectors import open_prompts, prompt_at
from phenotyping.surveys.services import answer
from tests import factories
from tests.factories.phone import local
from wellness.consent.purposes import STORE, SURVEY
from wellness.consent.services import withdraw
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Phase, Protocol
from wellness.studies.services import publish_protocol

TUESDAY = date(2026, 1, 6)
MORNING = local(TUESDAY, "06:00")


def _protocol(ada: Enrollment, opens: str = "18:00", closes: str = "22:00") -> Protocol:
    load_instruments()
    body: dict[str, Any] = {"instruments": [{"slug": "check-in", "opens": opens, "closes": closes}]}
    return publish_protocol(study=ada.study, body=body, now=MORNING)


def test_a_prompt_opens_on_the_persons_clock(ada: Enrollment) -> None:
    protocol = _protocol(ada)
    assert plan_prompts(enrollment=ada, protocol=protocol, now=MORNING) == 1
    assert plan_prompts(enrollment=ada, protocol=protocol, now=MORNING) == 0
    assert not open_prompts(ada, local(TUESDAY, "17:59")).exists()
    assert open_prompts(ada, local(TUESDAY, "18:00")).get().on == TUESDAY
    assert not open_prompts(ada, local(TUESDAY, "22:00")).exists()


def test_a_prompt_may_reach_past_midnight(ada: Enrollment) -> None:
    plan_prompts(enrollment=ada, protocol=_protocol(ada, "21:00", "01:00"), now=MORNING)
    prompt = Prompt.objects.get()
    assert (prompt.on, prompt.closes_at - prompt.opens_at) == (TUESDAY, timedelta(hours=4))


@pytest.mark.parametrize(("closes", "n"), [("03:30", 1), ("04:30", 1), ("02:00", 1)])
def test_the_hour_that_the_clock_skips_does_not_stop_the_planning(
    ada: Enrollment, closes: str, n: int
) -> None:
    protocol = _protocol(ada, "03:15", closes)
    skipped = date(2026, 3, 29)
    assert plan_prompts(enrollment=ada, protocol=protocol, now=local(skipped, "00:30")) == n


def test_a_window_turned_round_by_the_clock_is_not_asked(ada: Enrollment) -> None:
    protocol = _protocol(ada, "03:45", "04:15")  # the first is shown as 04:45
    skipped = date(2026, 3, 29)
    assert plan_prompts(enrollment=ada, protocol=protocol, now=local(skipped, "00:30")) == 0


def test_an_answered_prompt_is_closed_and_others_expire(ada: Enrollment) -> None:
    protocol = _protocol(ada)
    plan_prompts(enrollment=ada, protocol=protocol, now=MORNING)
    plan_prompts(enrollment=ada, protocol=protocol, now=MORNING + timedelta(days=1))
    at = local(TUESDAY, "18:30")
    prompt = open_prompts(ada, at).get()
    assert prompt_at(ada, prompt.instrument, at) == prompt
    answer(
        enrollment=ada,
        instrument=prompt.instrument,
        public_id=uuid4(),
        values={"mood": 5},
        recorded_at=at,
        now=at,
        prompt=prompt,
    )
    assert not open_prompts(ada, at).exists()
    assert prompt_at(ada, prompt.instrument, at) is None
    assert expire_prompts(now=at + timedelta(days=9)) == 1
    states = Prompt.objects.order_by("on").values_list("state", flat=True)
    assert list(states) == [Prompt.State.ANSWERED, Prompt.State.EXPIRED]


def test_everyone_who_takes_part_is_asked_by_the_latest_protocol(ada: Enrollment) -> None:
    _protocol(ada, "08:00", "09:00")
    _protocol(ada)
    left = factories.enrollment(ada.study, "eli")
    Enrollment.objects.filter(pk=left.pk).update(phase=Phase.PAUSED)
    assert plan_all_prompts(now=MORNING) == 1
    assert plan_all_prompts(now=MORNING) == 0
    prompt = Prompt.objects.get()
    assert (prompt.enrollment, prompt.opens_at) == (ada, local(TUESDAY, "18:00"))


def test_whose_answer_could_not_be_kept_is_not_asked(ada: Enrollment) -> None:
    protocol = _protocol(ada)
    withdraw(enrollment=ada, now=MORNING, scopes=[(STORE, SURVEY)])
    assert plan_prompts(enrollment=ada, protocol=protocol, now=MORNING) == 0
    assert not Prompt.objects.exists()


def test_who_is_asked_already_costs_no_statement(ada: Enrollment) -> None:
    _protocol(ada)
    n_statements = []
    for name in ("eli", "fay"):
        factories.agree_to_everything(factories.enrollment(ada.study, name))
        plan_all_prompts(now=MORNING)
        with CaptureQueriesContext(connection) as statements:
            assert plan_all_prompts(now=MORNING) == 0
        n_statements.append(len(statements))
    assert n_statements[0] == n_statements[1]


def test_a_questionnaire_that_is_not_there_is_named(ada: Enrollment) -> None:
    protocol = _protocol(ada)
    Instrument.objects.all().delete()
    with pytest.raises(Refusal, match="check-in"):
        plan_prompts(enrollment=ada, protocol=protocol, now=MORNING)
    assert plan_all_prompts(now=MORNING) == 0  # and others would still be asked
