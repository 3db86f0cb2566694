"""Answers to suggestions, through the service and the phone's API; success and refusal share a set-up."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from coach.delivery.models import Delivery
from coach.delivery.selectors import inbox
from coach.delivery.services import mark_opened, queue, respond
from coach.safety.models import Hold
from coach.safety.services import hold
from tests import factories
from tests.factories.coaching import TUESDAY, message
from tests.factories.phone import local
from wellness.consent.services import withdraw
from wellness.lib.clock import to_us
from wellness.lib.refusal import Refusal
from wellness.studies.models import Device, Enrollment, Study
from wellness.studies.services import issue_device
from wellness.work.kinds import drain

NOON = local(TUESDAY, "12:00")
LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def waiting(ada: Enrollment) -> Delivery:
    """A suggestion that was not sent yet."""
    return queue(enrollment=ada, message=message(), now=NOON, expires_at=NOON + timedelta(hours=1))


@pytest.fixture
def sent(waiting: Delivery) -> Delivery:
    drain(NOON, "delivery")
    waiting.refresh_from_db()
    return waiting


def _client(token: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {token}"})


def _put(client: APIClient, delivery_id: Any, response: str = "done") -> Any:
    at = to_us(LATER) // 1_000
    address = f"/api/v1/suggestions/{delivery_id}/response"
    return client.put(address, {"response": response, "responded_at": at}, format="json")


def test_an_answer_is_kept_and_a_later_one_counts(sent: Delivery) -> None:
    respond(delivery=sent, response=Delivery.Response.NOT_NOW, now=LATER)
    answered = respond(delivery=sent, response=Delivery.Response.DONE, now=LATER + timedelta(minutes=5))
    assert (answered.response, answered.responded_at) == ("done", LATER + timedelta(minutes=5))
    assert answered.opened_at == LATER


def test_only_what_was_sent_can_be_answered(waiting: Delivery) -> None:
    with pytest.raises(Refusal, match="not_sent"):
        respond(delivery=waiting, response=Delivery.Response.DONE, now=LATER)


def test_an_unknown_answer_is_refused(sent: Delivery) -> None:
    with pytest.raises(Refusal, match="unknown_response"):
        respond(delivery=sent, response="maybe", now=LATER)


def test_a_clock_that_is_behind_does_not_answer_before_it_came(sent: Delivery) -> None:
    assert respond(delivery=sent, response="done", now=NOON - timedelta(hours=3)).responded_at == NOON


def test_opening_is_noted_once(sent: Delivery, ada: Enrollment) -> None:
    mark_opened(delivery=sent, now=LATER)
    mark_opened(delivery=sent, now=LATER + timedelta(hours=1))
    sent.refresh_from_db()
    assert sent.opened_at == LATER


def test_the_phone_answers_its_own_and_an_outsider_finds_nothing(
    study: Study, sent: Delivery, device: tuple[Device, str]
) -> None:
    eli = factories.enrollment(study, "eli")
    _, foreign = issue_device(enrollment=eli, platform=Device.Platform.IOS, now=NOON)
    assert _put(_client(foreign), sent.public_id).status_code == 404
    assert _client(foreign).get("/api/v1/suggestions").json() == []
    assert _put(_client("nobody"), sent.public_id).status_code == 401
    sent.refresh_from_db()
    assert sent.response == ""

    mine = _client(device[1])
    assert [one["id"] for one in mine.get("/api/v1/suggestions").json()] == [str(sent.public_id)]
    answered = _put(mine, sent.public_id)
    assert (answered.status_code, answered.json()["response"]) == (200, "done")


def test_the_phone_is_told_what_is_wrong(waiting: Delivery, device: tuple[Device, str]) -> None:
    mine = _client(device[1])
    assert _put(mine, waiting.public_id).status_code == 409
    assert _put(mine, waiting.public_id, "maybe").status_code in (400, 422)
    assert _put(mine, uuid4()).status_code == 404


@pytest.mark.parametrize("silence", ["hold", "withdrawal"])
def test_what_was_sent_is_not_shown_while_the_coach_is_silent(
    ada: Enrollment, sent: Delivery, device: tuple[Device, str], silence: str
) -> None:
    later = NOON + timedelta(seconds=1)
    assert inbox(ada, later).get() == sent
    if silence == "hold":
        hold(enrollment=ada, kind=Hold.Kind.CRISIS, now=later)
    else:
        withdraw(enrollment=ada, now=later)
    assert not inbox(ada, later).exists()
    answer = _client(device[1]).get("/api/v1/suggestions")
    if silence == "hold":
        assert answer.json() == []
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "consent_withdrawn")
