"""Statements written once give what the ORM gives, whatever their values, on either database."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import BigIntegerField, CharField, DateTimeField, F, UUIDField
from django.test.utils import CaptureQueriesContext

from phenotyping.days.models import Day
from phenotyping.intake.models import Upload, UploadPart
from wellness.prepared import Given, Instances, Select, Update, insert
from wellness.studies.models import Device, Enrollment

NOON = datetime(2026, 1, 6, 12, tzinfo=UTC)
UPLOADS = Select(
    lambda: Upload.objects.filter(
        public_id=Given("id", UUIDField()), received_at__gte=Given("since", DateTimeField())
    ).values_list("received_at", "receipt", "public_id", "sent_at")
)
PHONES = Instances(
    lambda: Device.objects.filter(platform=Given("platform", CharField())).order_by("pk"),
    Device,
    "enrollment",
    "enrollment__study",
)
LATER = Update(
    lambda: Day.objects.filter(enrollment_id=Given("person", BigIntegerField())),
    returning="on",
    stale_seq=F("stale_seq") + Given("n", BigIntegerField()),
    run_after=F("ends_at"),
)


@pytest.fixture
def upload(device: tuple[Device, str]) -> Callable[..., Upload]:
    """An upload of Ada's phone, not kept yet."""

    def made(**fields: Any) -> Upload:
        phone = device[0]
        usual: dict[str, Any] = {
            "enrollment": phone.enrollment,
            "device": phone,
            "public_id": uuid.uuid4(),
            "n_wire_bytes": 3,
            "n_sent": 2,
            "n_stored": 1,
            "n_refused": 1,
            "receipt": {"ä": [1, None]},
            "received_at": NOON,
            "consent_epoch": 4,
        }
        return Upload(**usual | fields)

    return made


def test_what_is_kept_comes_back_as_it_was(upload: Callable[..., Upload]) -> None:
    rows = [upload(), upload(sent_at=NOON - timedelta(hours=1), clock_offset_ms=-5, clock_error_ms=0)]
    insert(rows)
    for row in rows:
        kept = Upload.objects.get(pk=row.pk)
        for field in Upload._meta.concrete_fields:
            assert getattr(kept, field.attname) == getattr(row, field.attname)
    assert not rows[0]._state.adding


def test_rows_are_found_by_values_of_any_type(upload: Callable[..., Upload]) -> None:
    one, two = upload(), upload()
    insert([one, two])
    assert UPLOADS.rows(id=one.public_id, since=NOON) == [(NOON, {"ä": [1, None]}, one.public_id, None)]
    assert UPLOADS.rows(id=two.public_id, since=NOON) == [(NOON, {"ä": [1, None]}, two.public_id, None)]
    assert UPLOADS.rows(id=one.public_id, since=NOON + timedelta(microseconds=1)) == []


def test_what_belongs_together_is_loaded_together(device: tuple[Device, str]) -> None:
    PHONES.found(platform="ios")
    with CaptureQueriesContext(connection) as asked:
        (found,) = PHONES.found(platform=device[0].platform)
        known = (found, found.enrollment, found.enrollment.study)
    assert len(asked) == 1
    assert known == (device[0], device[0].enrollment, device[0].enrollment.study)
    for one in known:
        same = type(one).objects.get(pk=one.pk)
        assert {k: v for k, v in vars(one).items() if k != "_state"} == {
            k: v for k, v in vars(same).items() if k != "_state"
        }
    found.app_version = "9"
    found.save()  # an instance like any other
    assert Device.objects.get(pk=found.pk).app_version == "9"


def test_a_conflict_is_settled_as_it_says(ada: Enrollment) -> None:
    def day(zone: str) -> Day:
        ends_at = NOON + timedelta(days=1)
        return Day(enrollment=ada, on=date(2026, 1, 6), zone=zone, starts_at=NOON, ends_at=ends_at)

    first, second = day("UTC"), day("Europe/Helsinki")
    insert([first])
    insert([second], conflict='ON CONFLICT (enrollment_id, "on") DO UPDATE SET zone = excluded.zone')
    assert second.pk == first.pk
    assert Day.objects.get().zone == "Europe/Helsinki"
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([day("UTC")])


def test_an_update_tells_what_it_changed(ada: Enrollment) -> None:
    ends_at, on = NOON + timedelta(days=1), date(2026, 1, 6)
    insert([Day(enrollment=ada, on=on, zone="UTC", starts_at=NOON, ends_at=ends_at)])
    assert [LATER.run(person=ada.pk, n=n) for n in (1, 2)] == [[on], [on]]
    assert LATER.run(person=ada.pk + 1_000, n=1) == []
    assert Day.objects.values_list("stale_seq", "run_after").get() == (4, ends_at)


def test_nothing_asks_nothing() -> None:
    insert([])  # a test without a database may not ask one


def test_nothing_is_cut_to_fit(upload: Callable[..., Upload]) -> None:
    too_long = upload(body_sha256="a" * 65)
    if connection.vendor == "sqlite":  # which knows no lengths
        insert([too_long])
        assert Upload.objects.get().body_sha256 == "a" * 65
    else:
        with pytest.raises(DataError), transaction.atomic():
            insert([too_long])


def test_a_row_that_breaks_a_promise_keeps_out_all(upload: Callable[..., Upload]) -> None:
    whole = upload()
    insert([whole])
    parts = [
        UploadPart(upload=whole, stream=stream, n_sent=n, n_stored=1, n_refused=0)
        for stream, n in (("gps", 1), ("screen", 2))
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(parts)
    assert not UploadPart.objects.exists()
