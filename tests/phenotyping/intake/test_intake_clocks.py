"""Clocks of phones: how far they are off, times that cannot be, and the order within one boot."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phenotyping.intake.clocks import Offset, estimate, jumped, possible
from phenotyping.intake.decoding.statement import Statement
from phenotyping.intake.models import Upload
from phenotyping.intake.reading import read
from phenotyping.intake.services import receive
from tests.factories.phone import rows
from tests.phenotyping.intake.conftest import CSV, NOON, NOON_MS, Phone, screen
from wellness.consent.purposes import COLLECT
from wellness.consent.services import grant, withdraw
from wellness.lib.clock import to_us, utc_now
from wellness.studies.models import Device, Enrollment

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3_600, 86_400))


def ms(at: datetime) -> float:
    return to_us(at) / 1_000


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10**8), min_size=1, max_size=20),
)
def test_the_estimate_holds_the_truth_when_one_upload_was_quick(ahead_us: int, delays_ms: list[int]) -> None:
    """However long the others waited: a clock ahead by a constant is found give or take the error."""
    true = timedelta(microseconds=ahead_us)
    delays = [timedelta(milliseconds=one) for one in (*delays_ms, 0)]
    heard = [(NOON + k * HOUR + true - delay, NOON + k * HOUR) for k, delay in enumerate(delays)]
    found = estimate(heard)
    assert abs(found.ms - ahead_us / 1_000) <= found.error_ms
    assert found.error_ms >= 1_000


def test_a_clock_that_was_set_back_is_uncertain_until_the_past_is_forgotten() -> None:
    before = [(NOON + HOUR, NOON)] * 3
    found = estimate([(NOON + MINUTE, NOON + MINUTE), *before])
    assert (found.ms, found.error_ms) == (1_800_000, 1_800_000)


def test_a_clock_right_to_a_minute_is_believed() -> None:
    times = np.array([to_us(NOON)])
    for clock in (None, Offset(59_000, 1_000), Offset(-30_000, 30_000)):
        assert possible(times, clock) == (times, times)
    low, high = possible(times, Offset(3_600_000, 2_000))
    assert (low[0], high[0]) == (to_us(NOON - HOUR - 2 * SECOND), to_us(NOON))
    low, high = possible(times, Offset(-3_600_000, 2_000))
    assert (low[0], high[0]) == (to_us(NOON), to_us(NOON + HOUR + 2 * SECOND))


def test_a_slow_drift_is_no_jump() -> None:
    up = np.arange(100) * 60_000.0
    wall = (up * 1.001).astype(np.int64) * 1_000
    assert not jumped(wall, up).any()
    wall[40:] += 61_000_000
    shuffled = np.random.default_rng(1).permutation(100)
    assert jumped(wall[shuffled], up[shuffled]).tolist() == (shuffled >= 40).tolist()
    up[40] = np.nan
    assert np.flatnonzero(jumped(wall, up)).tolist() == list(range(41, 100))


def test_the_receipt_says_how_far_the_clock_is_off(phone: Phone, device: tuple[Device, str]) -> None:
    upload, body = uuid4(), json.dumps({"sent_at": 0, "streams": {"screen": screen()}}).encode()
    fast = {"X-Sent-At": str(round(ms(utc_now() + HOUR)))}
    status, receipt = phone.put(body, upload=upload, **fast)
    assert (status, receipt["clock"]["error_ms"]) == (201, 1_000)
    assert receipt["clock"]["offset_ms"] == pytest.approx(3_600_000, abs=10_000)
    kept = Upload.objects.get()
    assert kept.clock_offset_ms == receipt["clock"]["offset_ms"]
    assert phone.put(body, upload=upload, **{"X-Sent-At": "5"}) == (200, receipt)


def test_a_body_that_waited_says_nothing_of_the_clock(phone: Phone) -> None:
    assert "clock" not in phone.send({"screen": screen()}, sent_at=NOON_MS)[1]
    ahead = round(ms(utc_now() + HOUR))
    assert phone.send({"screen": screen()}, sent_at=ahead)[1]["clock"]["offset_ms"] > 3_000_000
    assert Upload.objects.filter(clock_offset_ms=None).count() == 1


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("X-Sent-At", "noon", "wrong_type"),
        ("X-Sent-At", "1e300", "wrong_type"),
        ("X-Sent-At", "nan", "wrong_type"),
        ("X-Sent-At", "9" * 5_000, "wrong_type"),
        ("X-Timezone", "Mars/Olympus", "unknown_timezone"),
        ("X-Boot-Id", "b" * 65, "wrong_type"),
    ],
)
def test_a_header_that_cannot_be(phone: Phone, header: str, value: str, code: str) -> None:
    status, answer = phone.put(b'{"streams":{}}', **{header: value})
    assert (status, answer["errors"][0]["code"], answer["column"]) == (422, code, header)
    assert Upload.objects.count() == 0


def test_times_that_cannot_be_are_refused_row_by_row(ada: Enrollment, phone: Phone) -> None:
    now = utc_now()
    ahead = [now + 6 * MINUTE, now + 47 * HOUR, now + 49 * HOUR]
    times = [1_767_700, NOON_MS, *(ms(at) for at in ahead), ms(now + 4 * MINUTE), 1e300, -1e300]
    _, receipt = phone.send({"light": {"time": times, "lux": [1] * 8}})
    light = receipt["streams"]["light"]
    assert (light["sent"], light["stored"], light["refused"]) == (8, 4, 4)
    assert light["refusals"] == [
        {"code": "time_too_early", "first": 0, "last": 0, "n": 1},
        {"code": "time_too_early", "first": 7, "last": 7, "n": 1},
        {"code": "time_in_future", "first": 4, "last": 4, "n": 1},
        {"code": "time_in_future", "first": 6, "last": 6, "n": 1},
    ]
    assert light["flags"] == [{"code": "time_in_future", "first": 2, "last": 3, "n": 2}]
    found = read(ada, ["light"], NOON, now + 50 * HOUR)["light"]["time"]
    assert found.size == 4  # kept as the phone said them


def test_consent_must_cover_every_time_an_event_may_have_had(
    ada: Enrollment, device: tuple[Device, str]
) -> None:
    """Ada takes the screen back at noon; her phone, an hour behind, sends what happened before and after."""
    again = NOON + 5 * HOUR
    withdraw(enrollment=ada, now=NOON, scopes=[(COLLECT, "screen")])
    _agree(ada, again)
    times = [NOON - 90 * MINUTE, NOON - 61 * MINUTE, NOON - 30 * MINUTE, again - HOUR, again + SECOND]
    body = json.dumps({"streams": {"screen": rows(times, state=["on"] * 5)}}).encode()

    def refused(attempted_at: datetime | None) -> list[dict[str, Any]]:
        now = again + 2 * HOUR
        receipt, _ = accept_json(device[0], body, now, attempted_at)
        refusals: list[dict[str, Any]] = receipt["streams"]["screen"]["refusals"]
        return refusals

    assert refused(None) == [{"code": "before_consent", "first": 3, "last": 3, "n": 1}]
    assert refused(again + HOUR) == [{"code": "before_consent", "first": 2, "last": 3, "n": 2}]


def _agree(ada: Enrollment, at: datetime) -> None:
    document = ada.study.consent_documents.get()
    grant(enrollment=ada, document=document, scopes=[(COLLECT, "screen")], now=at, covers_from=at)


def accept_json(
    device: Device, body: bytes, now: datetime, attempted_at: datetime | None
) -> tuple[dict[str, Any], bool]:
    return receive(
        device=device,
        upload_id=uuid4(),
        body=body,
        content_type="application/json",
        content_encoding="",
        stream=None,
        now=now,
        said=Statement(sent_at=attempted_at),
    )


def test_rows_of_one_instant_are_in_the_order_of_their_boot(ada: Enrollment, phone: Phone) -> None:
    """The phone's wall clock stood still; what it counts since boot did not, however the rows are sent."""
    orders = [("on", 5.0), ("unlocked", 9.5), ("off", 30.0)]
    for k, order in enumerate((orders, orders[::-1], [orders[1], orders[0], orders[2]])):
        start = NOON_MS + k * 1_000
        table = {"time": [start] * 3, "state": [state for state, _ in order]}
        phone.send({"screen": table | {"monotonic_ms": [up for _, up in order]}}, boot_id="b1")
    lines = "".join(f"{NOON_MS + 3_000},{state},{up}\n" for state, up in orders[::-1])
    csv = f"time,state,monotonic_ms\n{lines}".encode()
    phone.put(csv, media=CSV, query="?stream=screen", **{"X-Boot-Id": "b1"})
    one_by_one = [{"time": NOON_MS + 4_000, "state": state, "monotonic_ms": up} for state, up in orders]
    for row in reversed(one_by_one):
        phone.send({"screen": [row]}, boot_id="b1")
    found = read(ada, ["screen"], NOON, NOON + MINUTE)["screen"]
    assert found["state"].tolist() == ["on", "unlocked", "off"] * 5
    assert found.keys() == {"time", "state"}
    assert set(Upload.objects.values_list("boot_id", flat=True)) == {"b1"}


def test_a_clock_set_within_an_upload_is_flagged(phone: Phone) -> None:
    times = [NOON_MS, NOON_MS + 1_000, NOON_MS + 3_600_000, NOON_MS + 3_601_000, 0]
    table = {"time": times, "lux": [1] * 5, "monotonic_ms": [10.0, 1_010.0, 2_010.0, 3_010.0, 4_010.0]}
    light = phone.send({"light": table}, boot_id="b1")[1]["streams"]["light"]
    assert light["stored"] == 4
    assert light["flags"] == [{"code": "clock_jumped", "first": 2, "last": 3, "n": 2}]


@pytest.mark.parametrize("up", [-1, 1e17, "1"])
def test_an_uptime_that_cannot_be(phone: Phone, up: object) -> None:
    status, answer = phone.send({"light": {"time": [NOON_MS], "lux": [1], "monotonic_ms": [up]}})
    assert status == 422 or answer["streams"]["light"]["refusals"][0]["code"] == "out_of_range"
