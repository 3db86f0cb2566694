"""My receipts: looked at, copied, only my own; and a page where anybody has one verified."""

import re
import zlib
from base64 import a85decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from tests import factories
from tests.factories import JOINED_AT
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.audit.services import enrollment_chain
from wellness.consent.models import ConsentEvent
from wellness.consent.receipts import issued
from wellness.consent.services import grant, withdraw
from wellness.consent.signatures import Signing
from wellness.studies import keys
from wellness.studies.models import Enrollment

Browser = Callable[[User | None], Client]


@pytest.fixture
def event(ada: Enrollment) -> ConsentEvent:
    """Ada's agreement to a little more, signed with name and second factor."""
    signing = Signing(
        printed_name="Ada Łukasz <Lovelace>",
        method="password+totp",
        amr=("pwd", "otp", "mfa"),
        auth_at=JOINED_AT - timedelta(minutes=2),
    )
    return grant(
        enrollment=ada,
        document=ada.study.consent_documents.get(),
        scopes=[("collect", "gps"), ("store", "gps")],
        now=JOINED_AT,
        signer=ada.user,
        signing=signing,
    )


def page(event: ConsentEvent, rest: str = "") -> str:
    return f"/app/privacy/receipts/{event.public_id}/{rest}"


def words(pdf: bytes) -> str:
    """The text that a PDF of ours draws, as far as plain Latin letters go."""
    streams = re.findall(rb"/ASCII85Decode /FlateDecode.*?stream\r?\n(.*?)~>", pdf, re.DOTALL)
    pages = [zlib.decompress(a85decode(one)).decode("latin-1") for one in streams]
    return " ".join(part for one in pages for part in re.findall(r"\((.*?)\) Tj", one))


def test_the_list_leads_to_each_receipt(ada: Enrollment, event: ConsentEvent, browser: Browser) -> None:
    withdraw(enrollment=ada, now=JOINED_AT, scopes=[("store", "gps")])
    client = browser(ada.user)
    assert 'href="/app/privacy/receipts/"' in client.get("/app/privacy/").content.decode()
    body = client.get("/app/privacy/receipts/").content.decode()
    assert all(page(one) in body for one in ada.consent_events.all())
    assert "withdrawn" in body


def test_a_receipt_shows_name_time_meaning_method_text_and_scopes(
    ada: Enrollment, event: ConsentEvent, browser: Browser
) -> None:
    body = browser(ada.user).get(page(event)).content.decode()
    for shown in (
        "Ada Łukasz &lt;Lovelace&gt;",
        "2026-01-05 11:00:00 +0200",
        "2026-01-05 10:58:00 +0200",
        "I have read this text, and I agree to what is listed.",
        "password and code of an authenticator app",
        "the participant",
        event.document_sha256,
        "Collect it from your phone",
        "Position",
        "in force",
        issued(event),
    ):
        assert shown in body
    assert "copy.pdf" in body


def test_the_copy_holds_the_text_and_the_signature(
    ada: Enrollment, event: ConsentEvent, browser: Browser
) -> None:
    response = browser(ada.user).get(page(event, "copy.pdf"))
    assert (response["Content-Type"], response["Cache-Control"]) == ("application/pdf", "no-store")
    assert response.content.startswith(b"%PDF-")
    drawn = words(response.content)
    for part in (
        "Consent: Harbour",
        "About withdrawal.",
        "Lovelace",
        "11:00:00",
        event.document_sha256,
        "EdDSA",
    ):
        assert part in drawn
    assert browser(ada.user).get(page(event, "copy.pdf")).content == response.content


def test_letters_that_the_font_lacks_are_named(
    ada: Enrollment, event: ConsentEvent, browser: Browser
) -> None:
    ada.study.name = "Ж ő"
    ada.study.save(update_fields=["name"])
    assert "[U+0416] o" in words(browser(ada.user).get(page(event, "copy.pdf")).content)


def test_looking_and_copying_is_recorded(ada: Enrollment, event: ConsentEvent, browser: Browser) -> None:
    browser(ada.user).get(page(event))
    browser(ada.user).get(page(event, "copy.pdf"))
    chain = AuditEntry.objects.filter(chain=enrollment_chain(ada.public_id)).exclude(action="view.own")
    entries = chain.order_by("-seq")[:2]
    assert [entry.action for entry in entries] == ["consent_receipt.copy", "consent_receipt.view"]
    assert {entry.actor for entry in entries} == {str(ada.user.public_id)}


def test_a_forgotten_person_has_no_name_on_their_receipt(
    ada: Enrollment, event: ConsentEvent, browser: Browser
) -> None:
    keys.shred(ada, now=JOINED_AT)
    body = browser(ada.user).get(page(event)).content.decode()
    assert "no longer readable" in body
    assert "Lovelace" not in body


@pytest.mark.parametrize("rest", ["", "copy.pdf"])
def test_others_find_no_receipt(
    event: ConsentEvent, bea: User, cal: User, browser: Browser, rest: str
) -> None:
    other = factories.enrollment(event.enrollment.study, "bob")
    for person in (other.user, bea, cal):
        foreign = browser(person).get(page(event, rest))
        unknown = browser(person).get(f"/app/privacy/receipts/{uuid4()}/{rest}")
        assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert browser(None).get(page(event, rest)).status_code == 302
    assert browser(cal).get("/app/privacy/receipts/").status_code == 404


def test_anybody_verifies_a_receipt_without_signing_in(event: ConsentEvent, browser: Browser) -> None:
    client = browser(None)
    assert client.get("/verify/").status_code == 200
    token = issued(event)
    broken = "\n".join(token[at : at + 76] for at in range(0, len(token), 76))  # as mail wraps it
    body = client.post("/verify/", {"receipt": broken}).content.decode()
    assert "This receipt is genuine" in body
    assert "It is in force." in body
    assert "Harbour" in body


def test_a_receipt_that_does_not_verify_says_only_that(event: ConsentEvent, browser: Browser) -> None:
    client = browser(None)
    answers = [
        client.post("/verify/", {"receipt": text}) for text in (issued(event)[:-4] + "AAAA", "nonsense")
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert "That is not a receipt as it was issued." in answer.content.decode()
        assert "Harbour" not in answer.content.decode()
    assert client.post("/verify/", {}).status_code == 422


def test_the_page_has_the_same_limit_as_the_api(event: ConsentEvent, browser: Browser, settings: Any) -> None:
    settings.RECEIPT_CHECKS_PER_HOUR = 1
    codes = [browser(None).post("/verify/", {"receipt": "x"}).status_code for _ in range(2)]
    assert codes == [422, 429]
