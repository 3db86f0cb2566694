"""Signing on the page: with the proof of this session, a fresh one, and nothing filled in is lost for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from time_machine import Traveller

from tests import factories
from tests.wellness.accounts.test_accounts_codes import CONFIRM, mailed
from tests.wellness.web.test_web_consent import PATH, PLACES, allowed, fields, save
from wellness.accounts.models import User
from wellness.consent.models import ConsentEvent
from wellness.consent.pausing import pause
from wellness.consent.signatures import authenticated_at, printed_name
from wellness.studies.models import Enrollment, Phase, Study
from wellness.work.kinds import drain

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CODE, PASSWORD = "/accounts/reauthenticate/code/", "/accounts/reauthenticate/"


@pytest.fixture
def bo(study: Study) -> Enrollment:
    factories.consent_document(study)
    return factories.enrollment(study, "bo")


@pytest.fixture
def clock(bo: Enrollment) -> Iterator[Traveller]:
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


@pytest.fixture
def client(bo: Enrollment, clock: Traveller) -> Client:
    """Bo, who has no password, signed in by a code at noon."""
    assert bo.user
    bo.user.set_unusable_password()
    bo.user.save()
    browser = Client()
    browser.post("/accounts/login/code/", {"email": "bo@example.org"})
    browser.post(CONFIRM, {"code": mailed()})
    return browser


def later(clock: Traveller, minutes: float = 6) -> None:
    clock.shift(timedelta(minutes=minutes))


def test_the_event_says_how_and_when_the_signer_proved_who_they_are(
    client: Client, bo: Enrollment, clock: Traveller
) -> None:
    later(clock, 4)
    assert save(client, "places-collect", "places-store").status_code == 302
    assert save(client, "places-collect").status_code == 302
    client.post(PATH, {"act": "pause", "days": "7"})
    client.post(PATH, {"act": "resume"})
    events = bo.consent_events.order_by("seq")
    assert [one.action for one in events] == ["grant", "withdraw", "pause", "resume"]
    signed = {(one.signature["method"], *one.signature["amr"], authenticated_at(one)) for one in events}
    assert signed == {("code", "otp", NOON)}


def test_a_stale_session_is_asked_again_and_then_what_was_filled_in_is_saved(
    client: Client, bo: Enrollment, clock: Traveller
) -> None:
    later(clock)
    asked = save(client, "places-collect", printed_name="Bo Berg")
    assert (asked.status_code, asked["Location"]) == (302, f"{CODE}?next=%2Fapp%2Fprivacy%2Fconsent%2F")
    assert not ConsentEvent.objects.exists()
    client.post(asked["Location"], {"send": "yes"})
    assert client.post(asked["Location"], {"code": "AAAA-AAAA"}).status_code == 422
    assert not ConsentEvent.objects.exists()
    done = client.post(asked["Location"], {"code": mailed()})
    assert (done.status_code, done["Location"]) == (302, PATH)
    event = bo.consent_events.get()
    assert (printed_name(event), allowed(bo)) == ("Bo Berg", PLACES)
    assert authenticated_at(event) == event.at == NOON + timedelta(minutes=6)


def test_a_password_is_a_fresh_proof_too(bo: Enrollment, clock: Traveller) -> None:
    client, now = Client(), NOON + timedelta(minutes=6)
    client.post("/accounts/login/", {"login": "bo@example.org", "password": factories.PASSWORD})
    later(clock)
    asked = save(client, "places-collect")
    assert asked["Location"].startswith(PASSWORD)
    done = client.post(asked["Location"], {"password": factories.PASSWORD})
    assert (done.status_code, done["Location"]) == (302, PATH)
    event = bo.consent_events.get()
    assert (event.signature["method"], event.signature["amr"]) == ("password", ["pwd"])
    assert authenticated_at(event) == now


def test_resuming_asks_again_and_stopping_and_pausing_never_do(
    client: Client, bo: Enrollment, clock: Traveller
) -> None:
    save(client, "places-collect", "places-store")
    later(clock)
    assert save(client, "places-collect")["Location"] == PATH
    assert allowed(bo, "store") == set()
    assert client.post(PATH, {"act": "pause", "days": "7"})["Location"] == PATH
    asked = client.post(PATH, {"act": "resume"})
    assert asked["Location"].startswith(CODE)
    bo.refresh_from_db()
    assert bo.phase == Phase.PAUSED
    client.post(asked["Location"], {"send": "yes"})
    client.post(asked["Location"], {"code": mailed()})
    assert allowed(bo) == PLACES


def test_a_new_text_is_confirmed_with_a_fresh_proof_only(
    study: Study, client: Client, bo: Enrollment, clock: Traveller
) -> None:
    save(client, "places-collect")
    later(clock)
    factories.consent_document(study, timezone.now())
    drain(timezone.now(), "consent")
    assert save(client, "places-collect")["Location"].startswith(CODE)
    assert set(bo.consent_events.values_list("action", flat=True)) == {"grant", "supersede"}


def test_what_was_asked_meanwhile_is_not_overwritten(
    client: Client, bo: Enrollment, clock: Traveller
) -> None:
    save(client, "places-collect")
    later(clock)
    asked = save(client, "places-collect", "body-collect")
    pause(enrollment=bo, now=NOON + timedelta(minutes=6))
    client.post(asked["Location"], {"send": "yes"})
    assert client.post(asked["Location"], {"code": mailed()}).status_code == 409
    assert bo.consent_events.latest("seq").action == "pause"


def test_nobody_else_is_even_asked(client: Client, clock: Traveller, bea: User, cal: User) -> None:
    said = fields(client) | {"act": "save", "on": ["places-collect"]}
    for user in (bea, cal):
        other = Client()
        other.force_login(user)
        later(clock)
        assert other.post(PATH, said).status_code == 404
    assert not ConsentEvent.objects.exists()
