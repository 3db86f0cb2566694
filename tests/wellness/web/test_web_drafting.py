"""Drafts of consent documents: what is missing, what differs, and forms that are refused."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.wellness.web.papers import LIST, SWITCHES, act, page, switches, text
from wellness.accounts.models import User
from wellness.consent.documents import document_digest
from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import COLLECT, CONTACT_STUDY
from wellness.consent.validity import SECTIONS
from wellness.studies.models import Study

Browser = Callable[[User | None], Client]


def test_what_is_missing_is_said_where_it_is_missing(
    draft: ConsentDocument, dot: User, browser: Browser
) -> None:
    client = browser(dot)
    client.post(page(draft, "text/"), text(draft, contact="", automated_decisions="  "))
    draft.refresh_from_db()
    form = client.get(page(draft, "text/")).content.decode()
    assert form.count("Nothing is said about this yet.") == 2
    assert 'id="id_contact_helptext"><span class="error-text">Nothing' in form
    assert "says nothing about: contact, automated_decisions" in client.get(page(draft)).content.decode()
    for name in ("ask", "publish"):
        assert "says nothing about: contact" in act(client, draft, name)
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert not draft.approval_requests.exists()


def test_the_page_tells_an_editorial_change_from_a_material_one(
    draft: ConsentDocument, dot: User, mel: User, browser: Browser
) -> None:
    client = browser(dot)
    assert "both say the same" in client.get(page(draft)).content.decode()
    client.post(page(draft, "text/"), text(draft, change="editorial", risks="About the risks."))
    body = client.get(page(draft)).content.decode()
    assert "it is called editorial" in body and "<ins>the " in body
    draft.refresh_from_db()
    client.post(page(draft, "switches/collect/"), switches(draft, **{"stream-gps": "must"}))
    draft.refresh_from_db()
    assert "this is no editorial change" in client.get(page(draft)).content.decode()
    for one in (client, browser(mel)):
        act(one, draft, "approve")
    assert "alters no switch" in act(client, draft, "publish")
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_switches_are_offered_with_their_terms(draft: ConsentDocument, dot: User, browser: Browser) -> None:
    client, terms = browser(dot), {"retention_days": "90", "recipients": "The study team", "min_age": "16"}
    chosen = {"stream-gps": "may", "stream-sleep_episode": "must", "valid_days": "365"}
    assert (
        client.post(page(draft, "switches/collect/"), switches(draft, **chosen, **terms)).status_code == 302
    )
    mine = draft.scopes.filter(purpose=COLLECT).order_by("stream")
    assert list(mine.values_list("stream", "required")) == [("gps", False), ("sleep_episode", True)]
    assert set(mine.values_list("retention_days", "recipients", "min_age", "valid_days")) == {
        (90, "The study team", 16, 365)
    }
    contact = {"stream-*": "may", "min_age": "0", "sha256": document_digest(draft)}
    assert client.post(page(draft, "switches/contact.study/"), contact).status_code == 302
    assert draft.scopes.filter(purpose=CONTACT_STUDY).get().stream == "*"
    assert mine.count() == 2
    assert set(mine.values_list("retention_days", flat=True)) == {90}
    assert client.get(page(draft, "switches/sell/")).status_code == 404


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("text/", {"grace_days": 31}),
        ("text/", {"change": "secret"}),
        ("text/", {"withdrawal_modes": "vanish"}),
        ("switches/collect/", {"stream-gps": "perhaps"}),
        ("switches/collect/", {"min_age": "-1"}),
        ("switches/collect/", {"sha256": "0" * 64}),
    ],
)
def test_a_form_that_is_wrong_changes_nothing(
    path: str, change: dict[str, object], draft: ConsentDocument, dot: User, browser: Browser
) -> None:
    before = document_digest(draft)
    said = text(draft) if path == "text/" else switches(draft)
    answer = browser(dot).post(page(draft, path), said | change)
    assert answer.status_code == 422
    draft.refresh_from_db()
    assert document_digest(draft) == before


def test_a_published_version_has_no_page_to_change_it(
    published: ConsentDocument, dot: User, browser: Browser
) -> None:
    client = browser(dot)
    for rest in ("text/", "switches/collect/"):
        assert client.get(page(published, rest)).status_code == 404
        assert client.post(page(published, rest), text(published)).status_code == 404
    for name in ("ask", "approve", "publish"):
        assert "Only a draft can be changed" in act(client, published, name)
    published.refresh_from_db()
    assert published.state == "published"


def test_one_draft_at_a_time(draft: ConsentDocument, dot: User, browser: Browser) -> None:
    client = browser(dot)
    again = client.post(LIST, {"audience": "adult", "locale": "en"})
    assert (again.status_code, "Version 2 is a draft already" in again.content.decode()) == (422, True)
    assert client.post(LIST, {"audience": "nobody", "locale": "en"}).status_code == 422
    assert client.post(LIST, {"audience": "adult", "locale": "../x"}).status_code == 422
    assert ConsentDocument.objects.count() == 2


def test_another_language_begins_with_the_latest_text(
    published: ConsentDocument, dot: User, browser: Browser
) -> None:
    browser(dot).post(LIST, {"audience": "guardian", "locale": "fi"})
    made = ConsentDocument.objects.get(locale="fi")
    assert (made.version, made.body) == (1, published.body)
    assert list(made.scopes.order_by("stream").values_list("stream", "required")) == list(SWITCHES)


def test_the_first_document_of_a_study_begins_empty(study: Study, dot: User, browser: Browser) -> None:
    client = browser(dot)
    assert "There is no document yet" in client.get(LIST).content.decode()
    client.post(LIST, {"audience": "adult", "locale": "en"})
    made = ConsentDocument.objects.get()
    form = client.get(page(made, "text/")).content.decode()
    assert form.count("Nothing is said about this yet.") == len(SECTIONS)
    assert "nothing to agree to" in client.get(page(made)).content.decode()
