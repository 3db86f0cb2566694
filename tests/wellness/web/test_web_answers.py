"""My answers: looked at, corrected, and only my own."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from coach.safety.models import Alert
from phenotyping.surveys.models import Answer, Instrument
from phenotyping.surveys.services import answer, opened
from tests import factories
from wellness.accounts.models import User
from wellness.studies.models import Device, Enrollment

Browser = Callable[[User | None], Client]
RIGHT = {
    "mood": "3",
    "energy": "6",
    "stress": "skip",
    "sleep_quality": "skip",
    "support": "0",
    "reason": "slip",
}


@pytest.fixture
def given(ada: Enrollment, instruments: None) -> Answer:
    now = timezone.now()
    return answer(
        enrollment=ada,
        instrument=Instrument.objects.get(slug="check-in"),
        public_id=uuid4(),
        values={"mood": 7},
        recorded_at=now,
        now=now,
    )


def _page(public_id: UUID) -> str:
    return f"/app/privacy/answers/{public_id}/"


def test_the_index_leads_to_the_answers_and_to_a_correction(
    ada: Enrollment, given: Answer, browser: Browser
) -> None:
    client = browser(ada.user)
    assert 'href="/app/privacy/answers/"' in client.get("/app/privacy/").content.decode()
    assert _page(given.public_id) in client.get("/app/privacy/answers/").content.decode()
    body = client.get(_page(given.public_id)).content.decode()
    assert re.search(r'name="mood" value="7"[^>]* checked', body)


def test_a_correction_shows_with_its_history(ada: Enrollment, given: Answer, browser: Browser) -> None:
    client = browser(ada.user)
    response = client.post(_page(given.public_id), RIGHT | {"public_id": uuid4()})
    assert (response.status_code, response["Location"]) == (302, "/app/privacy/answers/")
    assert opened(Answer.objects.get(replaces=given))["mood"] == 3
    body = client.get(_page(given.public_id)).content.decode()  # the old address shows what stands now
    assert "Corrected because: slip" in body
    assert "corrected" in client.get("/app/privacy/answers/").content.decode()


def test_without_a_reason_the_form_says_so(ada: Enrollment, given: Answer, browser: Browser) -> None:
    response = browser(ada.user).post(_page(given.public_id), RIGHT | {"public_id": uuid4(), "reason": ""})
    assert response.status_code == 422
    assert Answer.objects.count() == 1


def test_a_grave_correction_is_answered_with_help(ada: Enrollment, given: Answer, browser: Browser) -> None:
    grave = RIGHT | {"public_id": uuid4(), "support": "2"}
    assert "You are not alone" in browser(ada.user).post(_page(given.public_id), grave).content.decode()
    assert Alert.objects.count() == 1
    unfinished = grave | {"public_id": uuid4(), "reason": ""}
    assert "You are not alone" in browser(ada.user).post(_page(given.public_id), unfinished).content.decode()


def test_others_find_nothing(given: Answer, bea: User, cal: User, browser: Browser) -> None:
    other = factories.enrollment(given.enrollment.study, "bob")
    for method in ("get", "post"):
        assert getattr(browser(other.user), method)(_page(given.public_id)).status_code == 404
        for staff in (bea, cal):
            assert getattr(browser(staff), method)(_page(given.public_id)).status_code == 404
        assert getattr(browser(None), method)(_page(given.public_id)).status_code == 302
    for page in ("/app/privacy/", "/app/privacy/answers/"):
        assert browser(cal).get(page).status_code == 404
        assert browser(None).get(page).status_code == 302


def test_a_phone_corrects_its_own_persons_answer_only(
    given: Answer, device: tuple[Device, str], client: Client
) -> None:
    signed = {"HTTP_AUTHORIZATION": f"Bearer {device[1]}", "content_type": "application/json"}
    sheet = {"id": str(uuid4()), "values": {"mood": 2}, "reason": "slip"}
    address = f"/api/v1/answers/{given.public_id}/corrections"
    first = client.post(address, sheet, **signed)
    assert (first.status_code, client.post(address, sheet, **signed).json()) == (201, first.json())
    assert client.post(f"/api/v1/answers/{uuid4()}/corrections", sheet, **signed).status_code == 404
    assert client.post(address, sheet, content_type="application/json").status_code == 401
