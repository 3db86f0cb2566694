"""PUT /api/v1/uploads/{uuid}: what is stored is what was sent, and the receipt accounts for every row."""

import gzip
import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import zstandard

from phenotyping.intake.models import Chunk, Upload, UploadPart
from phenotyping.intake.reading import read
from phenotyping.streams.samples import Columns
from tests import factories
from tests.phenotyping.intake.conftest import CSV, NOON, NOON_MS, Phone, screen
from wellness.consent.purposes import COLLECT
from wellness.consent.services import withdraw
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment

DAY = timedelta(days=1)


def stored(enrollment: Enrollment, stream: str) -> Columns:
    return read(enrollment, [stream], NOON - DAY, NOON + DAY)[stream]


def test_columns_are_stored_and_accounted_for(ada: Enrollment, phone: Phone) -> None:
    status, receipt = phone.send({"screen": screen(4)})
    assert status == 201
    assert (receipt["sent"], receipt["stored"], receipt["refused"]) == (4, 4, 0)
    assert receipt["streams"]["screen"] == {"sent": 4, "stored": 4, "refused": 0, "refusals": []}
    found = stored(ada, "screen")
    assert found["time"].tolist() == [to_us(NOON) + 1_000_000 * i for i in range(4)]
    assert found["state"].tolist() == ["on", "unlocked", "locked", "off"]


def test_the_three_forms_store_the_same(ada: Enrollment, phone: Phone) -> None:
    times, levels = [NOON_MS + 0.25, NOON_MS + 1_000, NOON_MS + 2_000], [81, 80.5, 80]
    words = ["charging", "full", "unknown"]
    rows = [{"time": t, "level": v, "status": w} for t, v, w in zip(times, levels, words, strict=True)]
    lines = "\r\n".join(f"{t},{w},{v}" for t, v, w in zip(times, levels, words, strict=True))
    phone.send({"battery": {"time": times, "level": levels, "status": words}})
    first = stored(ada, "battery")
    phone.send({"battery": rows})
    phone.put(f"time,status,level\r\n{lines}\r\n".encode(), media=CSV, query="?stream=battery")
    again = stored(ada, "battery")
    assert {name: values.tolist() for name, values in again.items()} == {
        name: values.tolist() for name, values in first.items()
    }
    assert first["time"][0] == to_us(NOON) + 250
    assert Chunk.objects.count() == 3


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("zstd", zstandard.compress), ("identity", bytes)],
)
def test_compression_changes_nothing(phone: Phone, encoding: str, pack: object) -> None:
    body = json.dumps({"streams": {"screen": screen()}}).encode()
    status, receipt = phone.put(pack(body), **{"Content-Encoding": encoding})  # type: ignore[operator]
    assert (status, receipt["stored"]) == (201, 4)
    assert receipt["sha256"] == hashlib.sha256(body).hexdigest()


def test_missing_values_stay_missing(ada: Enrollment, phone: Phone) -> None:
    phone.send({"gps": {"time": [NOON_MS], "latitude": [60.1], "longitude": [24.9], "accuracy": [None]}})
    found = stored(ada, "gps")
    assert np.isnan(found["accuracy"]).all() and np.isnan(found["speed"]).all()
    phone.send({"device_health": [{"time": NOON_MS, "n_unsent": 3, "low_power": True, "app_version": "1.2"}]})
    found = stored(ada, "device_health")
    assert (found["n_unsent"].dtype, found["low_power"][0], found["app_version"][0]) == (np.int64, 1.0, "1.2")
    assert found["os_version"].tolist() == [None]


def test_a_required_value_that_is_null_in_all_rows_is_missing_in_each(phone: Phone) -> None:
    """However the phone batches: alone, beside a row that has it, or in columns."""
    empty = {"time": NOON_MS, "level": None, "status": "full"}
    for rows in ([empty], [empty, empty | {"level": 5}], {name: [value] for name, value in empty.items()}):
        status, receipt = phone.send({"screen": screen(2), "battery": rows})
        assert (status, receipt["streams"]["screen"]["stored"]) == (201, 2)
        assert receipt["streams"]["battery"]["refusals"][0]["code"] == "missing_value"
    assert phone.send({"battery": [{"time": NOON_MS, "status": "full"}]})[0] == 422


def test_minus_zero_is_itself_in_short_lists_and_long_ones(ada: Enrollment, phone: Phone) -> None:
    for n in (1, 20_000):
        times, zeros = b",".join([b"%d" % NOON_MS] * n), b",".join([b"-0"] * n)
        phone.put(b'{"streams":{"light":{"time":[%b],"lux":[%b]}}}' % (times, zeros))
    assert np.signbit(stored(ada, "light")["lux"]).tolist() == [True]


def test_the_same_upload_gets_the_first_receipt(ada: Enrollment, phone: Phone) -> None:
    upload = uuid.uuid4()
    first = phone.send({"screen": screen()}, upload=upload)
    again = phone.send({"screen": screen()}, upload=upload)
    assert (first[0], again[0]) == (201, 200)
    assert json.dumps(first[1]) == json.dumps(again[1])
    other = phone.send({"screen": screen(5)}, upload=upload)
    assert (other[0], other[1]["errors"][0]["code"], other[1]["retry"]) == (409, "digest_mismatch", False)
    assert (Upload.objects.count(), Chunk.objects.count(), stored(ada, "screen")["time"].size) == (1, 1, 4)


def test_rows_that_cannot_be_kept_are_refused_by_index(ada: Enrollment, phone: Phone) -> None:
    rows = {
        "time": [NOON_MS + i for i in range(6)],
        "level": [50, 101, None, 40, 30, -1],
        "status": ["full"] * 6,
    }
    rows["status"][3] = "melted"
    _, receipt = phone.send({"battery": rows, "screen": screen()})
    assert receipt["streams"]["battery"] == {
        "sent": 6,
        "stored": 2,
        "refused": 4,
        "refusals": [
            {"code": "missing_value", "first": 2, "last": 2, "n": 1},
            {"code": "out_of_range", "first": 1, "last": 1, "n": 1},
            {"code": "out_of_range", "first": 3, "last": 3, "n": 1},
            {"code": "out_of_range", "first": 5, "last": 5, "n": 1},
        ],
    }
    assert (receipt["sent"], receipt["stored"], receipt["refused"]) == (10, 6, 4)
    assert stored(ada, "battery")["level"].tolist() == [50, 30]
    assert UploadPart.objects.get(stream="battery").refusals == receipt["streams"]["battery"]["refusals"]


def test_a_withdrawn_stream_is_refused_and_nothing_of_it_kept(ada: Enrollment, phone: Phone) -> None:
    withdraw(enrollment=ada, now=datetime(2026, 2, 1, tzinfo=UTC), scopes=[(COLLECT, "screen")])
    battery = {"time": [NOON_MS], "level": [50], "status": ["full"]}
    status, receipt = phone.send({"screen": screen(), "battery": battery})
    assert status == 201
    assert receipt["streams"]["screen"]["refusals"] == [
        {"code": "consent_denied", "first": 0, "last": 3, "n": 4}
    ]
    assert receipt["streams"]["battery"]["stored"] == 1
    assert [chunk.stream for chunk in Chunk.objects.all()] == ["battery"]
    assert stored(ada, "screen")["time"].size == 0


def test_rows_from_before_consent_are_refused(ada: Enrollment, phone: Phone) -> None:
    early = to_us(datetime(2016, 1, 1, tzinfo=UTC)) / 1_000
    _, receipt = phone.send({"screen": {"time": [early, early + 1], "state": ["on", "off"]}})
    assert receipt["stored"] == 2
    withdraw(enrollment=ada, now=NOON, scopes=[(COLLECT, "screen")])
    factories.agree_to_everything(ada, now=NOON + DAY)
    # COVERED_FROM is in the new grant again, so the gap between the two is covered by it.
    assert phone.send({"screen": screen(1)})[1]["stored"] == 1


def test_an_upload_of_nothing_is_accounted_for(phone: Phone) -> None:
    status, receipt = phone.send({"screen": {"time": [], "state": []}, "battery": []})
    assert (status, receipt["sent"], sorted(receipt["streams"])) == (201, 0, ["battery", "screen"])


def test_texts_are_short_and_have_no_control_characters(phone: Phone) -> None:
    apps = ["org.example", "a" * 257, "nul\0", "tab\t", "", None, "é" * 256]
    usage = {"time": [NOON_MS] * 7, "app": apps, "duration_s": [1] * 7}
    _, receipt = phone.send({"app_usage": usage})
    assert receipt["streams"]["app_usage"]["refusals"] == [
        {"code": "missing_value", "first": 4, "last": 5, "n": 2},
        {"code": "out_of_range", "first": 1, "last": 3, "n": 3},
    ]


def test_white_space_inside_lists_means_nothing(ada: Enrollment, phone: Phone) -> None:
    body = (
        b'{"streams": {"battery": {"time": [%d, \n %d],\t"level": [ null, 5.5 ], "status": ["full" , null]}}}'
    )
    receipt = phone.put(body % (NOON_MS, NOON_MS + 1))[1]
    assert receipt["streams"]["battery"]["refusals"] == [
        {"code": "missing_value", "first": 0, "last": 1, "n": 2}
    ]


def test_a_new_time_zone_holds_from_the_last_moment_the_phone_speaks_of(
    ada: Enrollment, phone: Phone
) -> None:
    phone.send({"screen": screen()}, timezone="Europe/Helsinki")
    assert ada.zone_changes.count() == 1
    phone.send({"screen": screen(3)}, timezone="America/New_York")
    phone.send({"screen": screen(4)}, timezone="Asia/Tokyo", sent_at=NOON_MS + 86_400_000)
    zones = ada.zones()
    assert zones.at(NOON + timedelta(seconds=1)) == "Europe/Helsinki"
    assert zones.at(NOON + timedelta(seconds=2)) == "America/New_York"
    assert zones.at(NOON + DAY) == "Asia/Tokyo"


def test_the_phone_was_seen(phone: Phone, device: tuple[object, str]) -> None:
    phone.send({"screen": screen()})
    device[0].refresh_from_db()  # type: ignore[attr-defined]
    assert device[0].last_seen_at is not None  # type: ignore[attr-defined]
