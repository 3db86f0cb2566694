"""Between the end of a grant and the job that writes it down, what is still agreed to is stored."""

from datetime import timedelta
from typing import Any

import pytest

from phenotyping.intake import services
from phenotyping.intake.models import Chunk
from phenotyping.intake.screening import Screened
from tests import factories
from tests.factories import JOINED_AT
from tests.factories.phone import rows, upload, walk
from wellness.consent.models import ConsentEvent
from wellness.consent.services import grant
from wellness.studies.models import Device, Enrollment, Study
from wellness.studies.services import issue_device

UNTIL = JOINED_AT + timedelta(days=7)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def phone(study: Study) -> Device:
    """The phone of somebody whose steps are agreed to for good, and whose light until UNTIL."""
    document = factories.consent_document(study)
    bo = factories.enrollment(study, "bo")
    for stream, until in (("steps", None), ("light", UNTIL)):
        scopes = [("collect", stream), ("store", stream)]
        grant(enrollment=bo, document=document, scopes=scopes, now=JOINED_AT, until=until)
    return issue_device(enrollment=bo, platform="android", now=JOINED_AT)[0]


def sent(phone: Device, at: Any) -> dict[str, tuple[int, list[str]]]:
    """How many rows of each stream were stored at that time, and why others were refused."""
    sensed = UNTIL - HOUR
    receipt = upload(phone, at, steps=walk(sensed, 3), light=rows([sensed, sensed + SECOND], lux=[1.0, 2.0]))
    return {
        name: (one["stored"], [refusal["code"] for refusal in one["refusals"]])
        for name, one in receipt["streams"].items()
    }


def test_until_the_last_second_both_are_stored(phone: Device) -> None:
    assert sent(phone, UNTIL - SECOND) == {"steps": (3, []), "light": (2, [])}


@pytest.mark.parametrize("after", [timedelta(0), SECOND, HOUR])
def test_from_then_on_the_expired_is_refused_and_the_rest_stored(phone: Device, after: timedelta) -> None:
    assert sent(phone, UNTIL + after) == {"steps": (3, []), "light": (0, ["consent_denied"])}
    assert Chunk.objects.get().stream == "steps"
    assert not ConsentEvent.objects.filter(action="expire").exists()  # the job has not run


def test_what_expires_between_screening_and_storing_is_not_stored(
    phone: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload that was screened a second early, however it came to that, finds its consent ended."""
    keep = services._keep

    def keep_late(arrival: Any, screened: Screened) -> Any:
        person = Enrollment.objects.select_related("study").get()
        assert screened.until == UNTIL
        assert screened.still_holds(person, UNTIL - SECOND)
        assert not screened.still_holds(person, UNTIL)
        return keep(arrival, screened)

    monkeypatch.setattr(services, "_keep", keep_late)
    assert sent(phone, UNTIL - SECOND)["light"] == (2, [])


def test_what_a_new_version_ends_between_screening_and_storing_is_not_stored(
    study: Study, phone: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It moves nobody's consent epoch, and what it offers no more ends at once."""
    keep, at = services._keep, UNTIL - SECOND

    def keep_after_publication(arrival: Any, screened: Screened) -> Any:
        monkeypatch.setattr(services, "_keep", keep)
        offered = [(*scope, False) for scope in factories.EVERYTHING if scope[1] != "light"]
        factories.consent_document(study, at, scopes=offered, grace_days=20)
        return keep(arrival, screened)

    monkeypatch.setattr(services, "_keep", keep_after_publication)
    assert sent(phone, at) == {"steps": (3, []), "light": (0, ["consent_denied"])}
    assert Chunk.objects.get().stream == "steps"
