"""Today, check-in and my data."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from coach.delivery.models import Delivery
from coach.library.models import Message
from coach.library.services import load_library
from coach.safety.models import Alert
from coach.safety.services import hold
from phenotyping.days.models import Day
from phenotyping.surveys.models import Answer
from tests import factories
from tests.wellness.web.conftest import add_days
from wellness.accounts.models import User
from wellness.consent.services import withdraw
from wellness.studies.models import Enrollment
from wellness.studies.services import publish_protocol

Browser = Callable[[User | None], Client]
FINE = {"mood": "7", "energy": "6", "stress": "2", "sleep_quality": "skip", "support": "0"}


@pytest.fixture
def client(ada: Enrollment, browser: Browser, instruments: None) -> Client:
    return browser(ada.user)


@pytest.fixture
def sent(ada: Enrollment) -> Delivery:
    """A suggestion that reached ada a minute ago."""
    now = timezone.now()
    load_library(now=now)
    message, later = Message.objects.order_by("pk")[0], now + timedelta(hours=2)
    at = now - timedelta(minutes=1)
    return Delivery.objects.create(
        enrollment=ada, message=message, state="sent", created_at=at, sent_at=at, expires_at=later
    )


def test_today_shows_the_suggestion_and_takes_the_answer(client: Client, sent: Delivery) -> None:
    body = client.get("/app/").content.decode()
    assert sent.message.text in body
    assert sent.message.intervention.source.split(" ")[0] in body
    response = client.post(f"/app/suggestions/{sent.public_id}/", {"response": "done"})
    assert (response.status_code, response["Location"]) == (302, "/app/")
    sent.refresh_from_db()
    assert sent.response == "done"
    assert sent.opened_at is not None
    assert "You said: did it" in client.get("/app/").content.decode()


def test_while_the_coach_is_silent_no_suggestion_is_shown_that_was_not_answered(
    client: Client, ada: Enrollment, sent: Delivery
) -> None:
    with transaction.atomic():
        hold(enrollment=ada, kind="crisis", now=timezone.now())
    assert sent.message.text not in client.get("/app/").content.decode()
    Delivery.objects.update(response="done", responded_at=timezone.now(), opened_at=timezone.now())
    assert "You said: did it" in client.get("/app/").content.decode()


def test_a_suggestion_counts_as_seen_once_the_page_says_so(
    client: Client, sent: Delivery, browser: Browser
) -> None:
    path = f"/app/suggestions/{sent.public_id}/opened/"
    assert f'hx-post="{path}" hx-trigger="load"' in client.get("/app/").content.decode()
    other = factories.enrollment(sent.enrollment.study, "ivy")
    assert browser(other.user).post(path).status_code == 404
    sent.refresh_from_db()
    assert sent.opened_at is None
    assert client.post(path).status_code == 204
    sent.refresh_from_db()
    assert sent.opened_at is not None


def test_times_are_on_the_persons_own_clock(client: Client, sent: Delivery) -> None:
    client.post(f"/app/suggestions/{sent.public_id}/", {"response": "done"})
    local = sent.sent_at.astimezone(ZoneInfo("Europe/Helsinki"))
    assert f"{local:%H:%M}" in client.get("/app/").content.decode()


def test_only_its_receiver_answers_a_suggestion(client: Client, sent: Delivery, browser: Browser) -> None:
    other = factories.enrollment(sent.enrollment.study, "ivy")
    path = f"/app/suggestions/{sent.public_id}/"
    assert browser(other.user).post(path, {"response": "done"}).status_code == 404
    assert browser(None).post(path, {"response": "done"}).status_code == 302
    client.post(path, {"response": "nonsense"})
    sent.refresh_from_db()
    assert sent.response == ""


def test_tiles_say_value_and_usual_range(client: Client, ada: Enrollment) -> None:
    assert "No data" in client.get("/app/").content.decode()
    add_days(ada)
    body = client.get("/app/").content.decode()
    assert "7 h 30 min" in body
    assert "Usually 7 h" in body
    assert "steps" in body


def test_a_check_in_sent_twice_is_stored_once(client: Client) -> None:
    sheet = FINE | {"public_id": str(uuid4())}
    for _ in range(2):
        assert client.post("/app/check-in/", sheet)["Location"] == "/app/"
    assert Answer.objects.get().public_id == UUID(sheet["public_id"])
    assert "You checked in today" in client.get("/app/").content.decode()


@pytest.mark.parametrize("wrong", [{"mood": "11"}, {"mood": ""}, {"support": "yes"}, {"public_id": "x"}])
def test_an_invalid_check_in_is_shown_again_and_not_stored(client: Client, wrong: dict[str, str]) -> None:
    response = client.post("/app/check-in/", FINE | {"public_id": str(uuid4())} | wrong)
    assert response.status_code == 422
    body = response.content.decode()
    assert "<title>Error:" in body
    assert 'role="alert"' in body
    assert not Answer.objects.exists()


def test_an_id_used_for_another_answer_is_refused(client: Client) -> None:
    sheet = FINE | {"public_id": str(uuid4())}
    client.post("/app/check-in/", sheet)
    assert client.post("/app/check-in/", sheet | {"mood": "1"}).status_code == 422
    assert Answer.objects.count() == 1


def test_a_safety_answer_is_met_with_help_in_the_same_response(client: Client, ada: Enrollment) -> None:
    response = client.post("/app/check-in/", FINE | {"public_id": str(uuid4()), "support": "2"})
    assert response.status_code == 200
    assert "tel:112" in response.content.decode()
    assert "have been told" in response.content.decode()
    assert Alert.objects.get(enrollment=ada).severity == "imminent"


def test_a_call_for_help_on_a_half_filled_sheet_is_heard(client: Client, ada: Enrollment) -> None:
    response = client.post("/app/check-in/", {"public_id": str(uuid4()), "support": "2"})
    assert "tel:112" in response.content.decode()
    assert Alert.objects.get(enrollment=ada).severity == "imminent"
    assert not Answer.objects.exists()


def test_without_consent_there_is_no_form(client: Client, ada: Enrollment) -> None:
    withdraw(enrollment=ada, now=timezone.now(), scopes=[("store", "survey")])
    assert "Check-ins are off" in client.get("/app/check-in/").content.decode()
    assert client.post("/app/check-in/", FINE | {"public_id": str(uuid4())}).status_code == 403
    assert not Answer.objects.exists()


def test_my_data_is_empty_with_a_next_step_then_full(client: Client, ada: Enrollment) -> None:
    assert "No data yet" in client.get("/app/data/").content.decode()
    add_days(ada, sleep__duration=200.0)
    body = client.get("/app/data/").content.decode()
    assert "Sleep far below usual" in body
    assert body.count("<figure") == 5
    assert body.count('scope="row"') >= 28 * 4
    assert "No data" in body  # places were never measured


def test_my_data_says_why_data_are_missing(client: Client, ada: Enrollment) -> None:
    publish_protocol(study=ada.study, body={"streams": ["gps"]}, now=factories.JOINED_AT)
    add_days(ada)
    assert "Missing in the last seven days" not in client.get("/app/data/").content.decode()
    Day.objects.filter(enrollment=ada).update(lost_min={"phone_off": 95.0})
    body = client.get("/app/data/").content.decode()
    assert "Missing in the last seven days: phone off 11 h 5 min." in body


def test_others_data_never_appear(client: Client, ada: Enrollment) -> None:
    other = factories.enrollment(ada.study, "ivy")
    factories.agree_to_everything(other)
    add_days(other)
    assert "No data yet" in client.get("/app/data/").content.decode()
