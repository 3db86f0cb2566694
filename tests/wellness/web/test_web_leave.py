"""Leaving: one page, one press, in plain words; the receipt is for whoever holds its address."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from tests import factories
from wellness.accounts.models import User
from wellness.consent import gate
from wellness.consent.erasure.job import KIND
from wellness.consent.models import ConsentEvent, ErasureRequest
from wellness.consent.purposes import INTERVENE, STORE
from wellness.consent.validity import SECTIONS
from wellness.lib.clock import utc_now
from wellness.studies.models import Enrollment, Phase, Study
from wellness.work.kinds import drain

Browser = Callable[[User | None], Client]
PAGE = "/app/privacy/leave/"


def test_one_purpose_is_stopped_with_one_press(ada: Enrollment, browser: Browser) -> None:
    client = browser(ada.user)
    assert 'href="/app/privacy/leave/"' in client.get("/app/privacy/").content.decode()
    assert "Stop everything" in client.get(PAGE).content.decode()
    answer = client.post(PAGE, {"purpose": INTERVENE, "mode": "stop"}, follow=True)
    assert "It is stopped, from now on." in answer.content.decode()
    ada.refresh_from_db()
    assert gate.permitted(ada, INTERVENE, ["gps"], at=utc_now()) == {}
    assert gate.permitted(ada, STORE, ["gps"], at=utc_now())
    assert ConsentEvent.objects.latest("pk").signer == ada.user


def test_everything_is_stopped_with_one_press(ada: Enrollment, browser: Browser) -> None:
    browser(ada.user).post(PAGE, {"purpose": "everything"})
    ada.refresh_from_db()
    assert (ada.phase, ErasureRequest.objects.count()) == (Phase.WITHDRAWN, 0)


def test_who_leaves_to_be_erased_is_signed_out_and_shown_the_receipt(
    ada: Enrollment, browser: Browser, bea: User
) -> None:
    client = browser(ada.user)
    answer = client.post(PAGE, {"mode": "stop_erase"})
    address = answer["Location"]
    assert answer.status_code == 302 and address.startswith("/deletions/")
    assert client.get("/app/").status_code == 302
    assert "under way" in Client().get(address).content.decode()
    assert browser(bea).get(f"/clinic/{ada.public_id}/").status_code == 404
    drain(utc_now(), KIND)
    shown = Client().get(address)
    assert "is erased" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert "ada" not in re.findall(r"\w+", shown.content.decode().lower())
    assert Client().get("/deletions/guess/").status_code == 404


@pytest.mark.parametrize("mode", ["stop_anonymise", "regulatory_hold"])
def test_other_ways_are_offered_only_by_a_document_that_says_so(
    study: Study, browser: Browser, mode: str
) -> None:
    body = {name: f"About {name}." for name in SECTIONS} | {"withdrawal_modes": mode}
    factories.consent_document(study, body=body)
    bo = factories.enrollment(study, "bo")
    factories.agree_to_everything(bo)
    client = browser(bo.user)
    page = client.get(PAGE).content.decode()
    assert (f'value="{mode}"' in page, 'value="stop_erase"' in page) == (True, False)
    assert client.post(PAGE, {"mode": "stop_erase"}).status_code == 422
    assert "You have left" in client.post(PAGE, {"mode": mode}).content.decode()
    assert client.get("/app/").status_code == 302


@pytest.mark.parametrize("said", [{}, {"purpose": "nothing"}, {"mode": "vanish"}, {"mode": "stop_anonymise"}])
def test_what_cannot_be_meant_is_said_again(ada: Enrollment, browser: Browser, said: dict[str, str]) -> None:
    answer = browser(ada.user).post(PAGE, said)
    assert answer.status_code == 422
    ada.refresh_from_db()
    assert ada.phase == Phase.ACTIVE


def test_the_page_is_for_those_who_take_part(
    ada: Enrollment, cal: User, browser: Browser, client: Client
) -> None:
    assert browser(cal).get(PAGE).status_code == browser(cal).post(PAGE).status_code == 404
    assert client.get(PAGE)["Location"].startswith("/accounts/login/")
