"""My consent: reading, switching, resting."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.factories import EVERYTHING
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent import gate
from wellness.consent.models import ConsentEvent
from wellness.consent.purposes import CONSENT_STREAMS
from wellness.consent.services import grant
from wellness.consent.signatures import printed_name
from wellness.studies.models import Enrollment, Phase, Study
from wellness.web.participant.switches import GROUPS
from wellness.work.kinds import drain

Browser = Callable[[User | None], Client]
PATH = "/app/privacy/consent/"
PLACES = {"gps", "wifi", "bluetooth"}


@pytest.fixture
def bo(study: Study) -> Enrollment:
    factories.consent_document(study)
    return factories.enrollment(study, "bo")


@pytest.fixture
def client(bo: Enrollment, browser: Browser) -> Client:
    return browser(bo.user)


def fields(client: Client) -> dict[str, str]:
    """The hidden fields of the page's switches."""
    page = client.get(PATH).content.decode()
    found = re.findall(r'type="hidden" name="(document|sha256|sheet|epoch)" value="([^"]*)"', page)
    return dict(found)


def save(client: Client, *on: str, **change: str) -> HttpResponse:
    return client.post(PATH, fields(client) | {"act": "save", "on": list(on)} | change)


def allowed(person: Enrollment, purpose: str = "collect") -> set[str]:
    return set(gate.permitted(person, purpose, CONSENT_STREAMS, at=timezone.now()))


def test_every_stream_is_in_one_group() -> None:
    grouped = [stream for _, streams in GROUPS.values() for stream in streams]
    assert sorted(grouped) == sorted([*CONSENT_STREAMS, "*"])


def test_the_text_and_the_switches_are_there_and_off(client: Client) -> None:
    page = client.get(PATH).content.decode()
    assert "About automated_decisions." in page
    assert "Where you are" in page
    assert "checked" not in page


def test_switching_on_and_off(client: Client, bo: Enrollment) -> None:
    assert save(client, "places-collect", "places-store", printed_name="Bo Berg").status_code == 302
    assert allowed(bo) == allowed(bo, "store") == PLACES
    assert client.get(PATH).content.decode().count(" checked>") == 2
    assert save(client, "places-collect").status_code == 302
    assert (allowed(bo), allowed(bo, "store")) == (PLACES, set())
    granted, withdrawn = bo.consent_events.order_by("seq")
    assert (granted.signer, printed_name(granted)) == (bo.user, "Bo Berg")
    assert (withdrawn.action, withdrawn.signer) == ("withdraw", bo.user)


def test_saving_without_a_change_is_no_event(client: Client, bo: Enrollment) -> None:
    save(client, "places-collect")
    save(client, "places-collect")
    assert bo.consent_events.count() == 1


def test_a_group_that_is_partly_on_stays_so_unless_it_is_ticked(
    study: Study, client: Client, bo: Enrollment
) -> None:
    document = study.consent_documents.get()
    grant(enrollment=bo, document=document, scopes=[("collect", "gps")], now=timezone.now())
    assert "partly on" in client.get(PATH).content.decode()
    save(client)
    assert allowed(bo) == {"gps"}
    save(client, "places-collect")
    assert allowed(bo) == PLACES


def test_a_form_from_before_a_change_changes_nothing(client: Client, bo: Enrollment) -> None:
    old = fields(client)
    save(client, "places-collect")
    late = client.post(PATH, old | {"act": "save", "on": ["body-collect"]})
    assert late.status_code == 409
    assert "changed meanwhile" in late.content.decode()
    assert allowed(bo) == PLACES


def test_another_text_than_the_one_shown_is_refused_and_recorded(client: Client, bo: Enrollment) -> None:
    refused = save(client, "places-collect", sha256="f" * 64)
    assert refused.status_code == 409
    assert "not the text in force" in refused.content.decode()
    assert AuditEntry.objects.filter(outcome="refused", reason="document_changed").count() == 1
    assert not bo.consent_events.exists()
    for change in ({"document": str(bo.public_id)}, {"sheet": "x"}):
        assert save(client, "places-collect", **change).status_code in (409, 422)


def test_what_is_needed_is_not_switched_off_here(study: Study, client: Client, bo: Enrollment) -> None:
    factories.consent_document(study, scopes=[(*one, one == ("collect", "steps")) for one in EVERYTHING])
    assert save(client, "places-collect").status_code == 422
    save(client, "movement-collect")
    refused = save(client)
    assert refused.status_code == 422
    assert "Stop or leave" in refused.content.decode()
    assert "steps" in allowed(bo)


def test_pausing_and_resuming(client: Client, bo: Enrollment) -> None:
    save(client, "places-collect")
    client.post(PATH, {"act": "pause", "days": "7"})
    bo.refresh_from_db()
    assert (bo.phase, allowed(bo)) == (Phase.PAUSED, set())
    event = bo.consent_events.latest("seq")
    assert event.until - event.at == timedelta(days=7)
    page = client.get(PATH).content.decode()
    assert "Paused until" in page
    assert "disabled" in page
    client.post(PATH, {"act": "resume"})
    assert allowed(bo) == PLACES
    client.post(PATH, {"act": "pause", "days": ""})
    assert "until you resume" in client.get(PATH).content.decode()


@pytest.mark.parametrize(
    ("said", "status"),
    [({"act": "pause", "days": "9"}, 422), ({"act": "resume"}, 409), ({"act": "x"}, 422), ({}, 422)],
)
def test_what_cannot_be_done_is_said(client: Client, said: dict[str, Any], status: int) -> None:
    refused = client.post(PATH, said)
    assert refused.status_code == status
    assert 'role="alert"' in refused.content.decode()


def test_a_new_text_is_read_and_confirmed(study: Study, client: Client, bo: Enrollment) -> None:
    save(client, "places-collect")
    now = timezone.now()
    factories.consent_document(study, now)
    drain(now, "consent")
    assert "The text has changed" in client.get(PATH).content.decode()
    save(client, "places-collect", "body-collect")
    actions = set(bo.consent_events.values_list("action", flat=True))
    assert actions == {"grant", "supersede", "reaffirm"}
    assert "The text has changed" not in client.get(PATH).content.decode()
    assert set(gate.permitted(bo, "collect", CONSENT_STREAMS, at=now + timedelta(days=60))) == {
        *PLACES,
        "heart_rate",
        "sleep_episode",
    }


def test_others_have_no_such_page(
    client: Client, bo: Enrollment, browser: Browser, bea: User, cal: User
) -> None:
    for who in (bea, cal):
        assert browser(who).get(PATH).status_code == 404
        assert browser(who).post(PATH, {"act": "pause"}).status_code == 404
    assert browser(None).get(PATH).status_code == 302
    assert not ConsentEvent.objects.exists()


def test_without_a_text_there_is_nothing_to_agree_to(db: None, browser: Browser) -> None:
    person = factories.enrollment(factories.study("bare"), "ivy")
    assert "nothing to agree to now" in browser(person.user).get(PATH).content.decode()
