"""The zone history is a function of what phones stated, not of when that was heard."""

import json
from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phenotyping.intake.models import Upload
from phenotyping.intake.services import receive
from tests.factories import JOINED_AT
from tests.phenotyping.intake.conftest import CSV, NOON, NOON_MS, Phone, screen
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import change_zone

HOUR = timedelta(hours=1)
ZONES = ("Europe/Helsinki", "America/New_York", "Asia/Tokyo")

Said = tuple[int, str]  # hours after the person joined, zone


def say(device: Device, said: Iterable[Said]) -> None:
    for hours, zone in said:
        at_ms = round((JOINED_AT + hours * HOUR).timestamp() * 1_000)
        body = {"sent_at": at_ms, "timezone": zone, "streams": {"light": {"time": [NOON_MS], "lux": [1]}}}
        receive(
            device=device,
            upload_id=uuid4(),
            body=json.dumps(body).encode(),
            content_type="application/json",
            content_encoding="",
            stream=None,
            now=NOON + 90 * HOUR,
        )


def history(ada: Enrollment) -> list[tuple[float, str]]:
    changes = ada.zone_changes.order_by("from_at").values_list("from_at", "zone")
    return [((at - JOINED_AT) / HOUR, zone) for at, zone in changes]


class _Undo(Exception):
    """Leaves the database as it was."""


def heard(ada: Enrollment, device: Device, said: Iterable[Said]) -> list[tuple[float, str]]:
    try:
        with transaction.atomic():
            say(device, said)
            found = history(ada)
            raise _Undo
    except _Undo:
        return found


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(-5, 9), st.sampled_from(ZONES)), min_size=2, max_size=6), st.data())
def test_any_order_of_arrival_gives_the_same_history(
    ada: Enrollment, device: tuple[Device, str], said: list[Said], data: st.DataObject
) -> None:
    change_zone(enrollment=ada, zone="Asia/Tokyo", from_at=JOINED_AT + 5.5 * HOUR)
    expected = heard(ada, device[0], sorted(said))
    shuffled = data.draw(st.permutations(said))
    assert heard(ada, device[0], shuffled) == expected
    assert heard(ada, device[0], [*shuffled, *said]) == expected
    zones = dict(sorted(said))  # the last by name where two speak of one instant
    for hours, zone in zones.items():
        assert [held for at, held in expected if at <= hours][-1] == zone


def test_where_someone_was_before_they_joined(ada: Enrollment, device: tuple[Device, str]) -> None:
    """The change that the enrollment began with says no more than a statement from before it."""
    said = [(-1, ZONES[0]), (0, ZONES[0])]
    for order in (said, said[::-1]):
        assert heard(ada, device[0], order) == [(-1, ZONES[0])]


def test_a_flight_that_only_late_uploads_tell_of(ada: Enrollment, device: tuple[Device, str]) -> None:
    home, away = ZONES[:2]
    say(device[0], [(2, home), (40, home), (20, away), (30, away), (10, home)])
    assert history(ada) == [(0, home), (20, away), (40, home)]


def test_a_csv_says_in_a_header_where_its_last_sample_was(ada: Enrollment, phone: Phone) -> None:
    body = f"time,state\n{NOON_MS},on\n{NOON_MS + 1_000},off\n".encode()
    phone.put(body, media=CSV, query="?stream=screen", **{"X-Timezone": "Asia/Tokyo"})
    assert ada.zones().at(NOON) == "Europe/Helsinki"
    assert ada.zones().at(NOON + timedelta(seconds=1)) == "Asia/Tokyo"


def test_a_body_goes_before_a_header(ada: Enrollment, phone: Phone) -> None:
    body = json.dumps({"timezone": "Asia/Tokyo", "boot_id": "b2", "streams": {"screen": screen()}}).encode()
    phone.put(body, **{"X-Timezone": "America/New_York", "X-Boot-Id": "b1"})
    kept = Upload.objects.get()
    assert (kept.zone, kept.boot_id, kept.stated_at) == ("Asia/Tokyo", "b2", NOON + timedelta(seconds=3))


def test_a_clock_that_was_never_set_does_not_date_a_zone(ada: Enrollment, phone: Phone) -> None:
    phone.send({"screen": screen()}, timezone="Asia/Tokyo", sent_at=0)
    assert Upload.objects.get().stated_at == NOON + timedelta(seconds=3)
    assert ada.zones().at(NOON) == "Europe/Helsinki"


def test_an_upload_of_which_nothing_is_kept_does_not_say_where_someone_is(
    ada: Enrollment, phone: Phone
) -> None:
    phone.send({"screen": {"time": [5], "state": ["on"]}}, timezone="Asia/Tokyo", sent_at=NOON_MS)
    kept = Upload.objects.get()
    assert (kept.zone, kept.stated_at, ada.zone_changes.count()) == ("", None, 1)
