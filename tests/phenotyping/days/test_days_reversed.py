"""Weeks of data, late, reversed and repeated, give the days of data that came in order, byte for byte.

DAYS=30 runs the whole month around each change of the clock; otherwise a few days around it are run.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec
import numpy as np
import pytest

from phenotyping.days.models import Day
from phenotyping.days.services import opened
from phenotyping.intake.models import Chunk
from phenotyping.intake.services import receive
from phenotyping.simulation.life import live
from phenotyping.simulation.person import Person, make_cohort
from phenotyping.simulation.phone import record
from phenotyping.streams.samples import Columns
from tests import factories
from tests.factories.phone import HELSINKI
from wellness.demo.phone import _wire
from wellness.lib.clock import at_local, from_us, to_us
from wellness.studies.models import Device, Enrollment, Study
from wellness.studies.services import issue_device
from wellness.work.kinds import KINDS, drain

N_DAYS = int(os.environ.get("DAYS", "3"))
NEW_YORK = "America/New_York"
HOUR_US = 3_600_000_000
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
SHORT = ("battery", "gps", "screen", "sleep_episode", "steps")  # what short runs send


@dataclass(frozen=True)
class Sent:
    """One upload as the phone keeps it until it has a receipt."""

    id: UUID
    body: bytes
    at: datetime


def uploads(person: Person, changes_on: date) -> list[Sent]:
    """What a phone sends that is taken to New York and back, after a night in which the clock changes."""
    first_on = changes_on - timedelta(days=N_DAYS // 4)
    days = live(person, first_on, N_DAYS + 1)
    random = Random(7)
    start_us = days[0].starts_us
    end_us = to_us(at_local(first_on + timedelta(days=N_DAYS), datetime.min.time(), HELSINKI))
    cuts = [start_us]
    while cuts[-1] < end_us:
        cuts.append(min(end_us, cuts[-1] + int(random.uniform(2, 14) * HOUR_US)))
    away = range(start_us + (end_us - start_us) * 6 // 10, start_us + (end_us - start_us) * 85 // 100)
    return [
        packed(record(person, days, a, b, ()), b, NEW_YORK if b in away else HELSINKI)
        for a, b in pairwise(cuts)
    ]


def packed(streams: dict[str, Columns], sent_us: int, zone: str) -> Sent:
    sent = {name: one for name, one in streams.items() if one["time"].size}
    if N_DAYS < 30:
        sent = {name: one for name, one in sent.items() if name in SHORT}
    body: dict[str, Any] = {"streams": {name: _wire(name, one) for name, one in sent.items()}}
    body |= {"sent_at": sent_us / 1_000, "timezone": zone}
    return Sent(uuid4(), msgspec.json.encode(body), from_us(sent_us))


def again(one: Sent, random: Random) -> Sent:
    """The same rows in another upload, shuffled; it does not say where it was."""
    body = msgspec.json.decode(one.body)
    for name, columns in body["streams"].items():
        order = random.sample(range(len(columns["time"])), len(columns["time"]))
        body["streams"][name] = {key: [values[i] for i in order] for key, values in columns.items()}
    return Sent(uuid4(), msgspec.json.encode({"streams": body["streams"]}), one.at)


def send(device: Device, one: Sent, now: datetime) -> str:
    receipt, _ = receive(
        device=device,
        upload_id=one.id,
        body=one.body,
        content_type="application/json",
        content_encoding="",
        stream=None,
        now=now,
    )
    assert receipt["stored"] == receipt["sent"]
    return repr(receipt)


def work(now: datetime) -> None:
    """What workers do, gathering chunks included."""
    drain(now, "day")
    if "gather" in KINDS:
        drain(now, "gather")


def joined(study: Study, code: str, changes_on: date) -> tuple[Enrollment, Device]:
    at = at_local(changes_on - timedelta(days=N_DAYS), datetime.min.time(), HELSINKI)
    person = factories.enrollment(study, code, zone=HELSINKI, joined_at=at)
    factories.agree_to_everything(person, at)
    return person, issue_device(enrollment=person, platform="android", now=at)[0]


FIELDS = ("on", "zone", "starts_at", "ends_at", "input_sha256", "values_sha256", "n_values", "feature_set")


def days_of(person: Enrollment) -> list[tuple[Any, ...]]:
    return [
        (
            *(
                getattr(day, name)
                for name in (*FIELDS, "observed_min", "expected_min", "lost_min", "silence")
            ),
            opened(person, day),
        )
        for day in Day.objects.filter(enrollment=person).order_by("on")
    ]


def in_order(device: Device, sent: Iterable[Sent]) -> None:
    for k, one in enumerate(sent):
        send(device, one, one.at)
        if k % 3 == 0:
            work(one.at + timedelta(minutes=1))


def reversed_with_copies(device: Device, sent: Sequence[Sent], now: datetime) -> None:
    """From the newest to the oldest, each up to five times, and every third again in another upload."""
    random = Random(11)
    for k, one in enumerate(reversed(sent)):
        assert len({send(device, one, now) for _ in range(random.randint(1, 5))}) == 1
        if k % 3 == 0:
            send(device, again(one, random), now)
        if k % 4 == 0:
            now += timedelta(hours=2)
            work(now)


@pytest.mark.parametrize("changes_on", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_reversed_and_repeated_data_give_the_same_days(study: Study, changes_on: date) -> None:
    person = next(one for one in make_cohort(8, 3) if one.zone == HELSINKI)
    sent = uploads(person, changes_on)
    ada, phone = joined(study, "ada", changes_on)
    late, late_phone = joined(study, "late", changes_on)
    in_order(phone, sent)
    reversed_with_copies(late_phone, sent, sent[-1].at + timedelta(hours=1))
    work(sent[-1].at + timedelta(days=3))
    assert not Day.objects.due(sent[-1].at + timedelta(days=9)).exists()
    found = days_of(ada)
    assert days_of(late) == found
    lengths = {(day[0], (day[3] - day[2]) // timedelta(hours=1)) for day in found}
    assert (changes_on, 23 if changes_on == SPRING else 25) in lengths
    assert late.zones() == ada.zones() and set(late.zones().zones) == {HELSINKI, NEW_YORK}
    assert np.mean([day[6] for day in found]) > 10
    assert Chunk.objects.live().filter(enrollment=late).exists()
