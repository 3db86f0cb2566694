"""Storing: all of an upload or nothing, under the consent in force when it commits."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from phenotyping.intake import chunks, hooks, orphans, services
from phenotyping.intake.models import Chunk, Upload
from phenotyping.intake.screening import Screened
from tests.phenotyping.intake.conftest import NOON, NOON_MS, Phone, screen
from tests.phenotyping.intake.stores import objects
from wellness.consent.purposes import COLLECT
from wellness.consent.services import withdraw
from wellness.studies import keys
from wellness.studies.models import Enrollment

STATEMENTS = 15  # of an upload, with those that begin and end its transaction

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Callable[[hooks.OnStored], None]:
    """Makes a function the only listener."""
    return lambda listener: monkeypatch.setattr(hooks, "_listeners", [listener])


def test_higher_rooms_hear_of_an_upload_once(
    ada: Enrollment, phone: Phone, listening: Callable[[hooks.OnStored], None]
) -> None:
    heard: list[tuple[int, list[tuple[datetime, datetime]]]] = []
    listening(lambda enrollment, spans, zones: heard.append((enrollment.pk, list(spans))))
    upload = uuid.uuid4()
    for _ in range(2):
        phone.send({"screen": screen(3), "light": {"time": [], "lux": []}}, upload=upload)
    assert heard == [(ada.pk, [(NOON, NOON + timedelta(seconds=2))])]


def test_an_upload_into_known_days_makes_no_day(phone: Phone) -> None:
    """Though the day before it, which it may reach into, is not there."""
    phone.send({"screen": screen()})
    with CaptureQueriesContext(connection) as asked:
        phone.send({"screen": screen()})
    changed = [one["sql"] for one in asked if one["sql"].startswith(("INSERT", "UPDATE"))]
    assert [sql.split('"')[1] for sql in changed] == [
        "phenotyping_intake_upload",
        "phenotyping_intake_uploadpart",
        "phenotyping_intake_chunk",
        "phenotyping_intake_shelf",
        "phenotyping_days_day",
    ]
    assert len(asked) <= STATEMENTS


def test_a_room_that_fails_undoes_the_upload(
    phone: Phone, listening: Callable[[hooks.OnStored], None]
) -> None:
    """What went wrong is not known, so the object stays, as an orphan that is collected later."""

    def fail(*_: object) -> None:
        raise LookupError

    listening(fail)
    with pytest.raises(LookupError):
        phone.send({"screen": screen()})
    assert (Upload.objects.count(), Chunk.objects.count(), len(objects())) == (0, 0, 1)
    assert list(orphans.orphans()) == objects()


def test_a_commit_of_unknown_outcome_keeps_its_objects(
    phone: Phone, listening: Callable[[hooks.OnStored], None]
) -> None:
    def lose(*_: object) -> None:
        raise OperationalError("connection lost")

    listening(lose)
    status, answer = phone.send({"screen": screen()})
    assert (status, answer["retry"], len(objects())) == (503, True, 1)


def test_consent_that_goes_while_an_upload_is_stored(
    ada: Enrollment, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Withdrawn after screening, before the transaction: the rows are screened again and refused."""
    keep, n_tries = services._keep, []

    def keep_late(arrival: Any, screened: Screened) -> Any:
        if not n_tries:
            withdraw(enrollment=ada, now=arrival.now, scopes=[(COLLECT, "screen")])
        n_tries.append(screened.epoch)
        return keep(arrival, screened)

    monkeypatch.setattr(services, "_keep", keep_late)
    status, receipt = phone.send({"screen": screen()})
    assert (status, receipt["streams"]["screen"]["refusals"][0]["code"]) == (201, "consent_denied")
    assert (len(n_tries), Chunk.objects.count(), objects()) == (2, 0, [])


def test_a_key_that_is_destroyed_between_two_streams_leaves_no_object(
    ada: Enrollment, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure may have looked for objects just before the first one was written."""
    put = chunks.put

    def put_and_destroy(*args: Any) -> Any:
        made = put(*args)
        keys.shred(ada, now=NOON)
        return made

    monkeypatch.setattr(chunks, "put", put_and_destroy)
    light = {"time": [NOON_MS], "lux": [3.5]}
    assert phone.send({"screen": screen(), "light": light})[0] == 503
    assert (Upload.objects.count(), objects()) == (0, [])


def test_someone_else_stored_it_first(ada: Enrollment, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look-up before decoding finds nothing; the unique constraint still does."""
    upload = uuid.uuid4()
    first = phone.send({"screen": screen()}, upload=upload)
    settled, answers = services.ledger.settled, iter([None])
    monkeypatch.setattr(services.ledger, "settled", lambda *key: next(answers, settled(*key)))
    assert phone.send({"screen": screen()}, upload=upload) == (200, first[1])
    assert (Chunk.objects.count(), len(objects())) == (1, 1)


@pytest.mark.parametrize(
    ("number", "status", "code"), [(28, 507, "storage_full"), (5, 503, "storage_unavailable")]
)
def test_storage_that_fails(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, number: int, status: int, code: str
) -> None:
    def fail(*_: object) -> str:
        raise OSError(number, "no")

    monkeypatch.setattr(type(chunks._storage()), "save", fail)
    answer = phone.send({"screen": screen()})
    assert (answer[0], answer[1]["errors"][0]["code"], answer[1]["retry"]) == (status, code, True)
    assert Upload.objects.count() == 0
