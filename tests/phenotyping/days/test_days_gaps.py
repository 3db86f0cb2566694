"""Gaps of days, from uploads to what readers are told."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from phenotyping.days.gaps import gaps
from phenotyping.days.losses import lost
from phenotyping.days.models import Day
from phenotyping.intake.models import Chunk
from tests import factories
from tests.factories.phone import Rows, battery, every, local, rows, upload
from tests.phenotyping.days.conftest import TUESDAY
from wellness.consent.purposes import COLLECT, SHARE_CLINICIAN
from wellness.consent.services import withdraw
from wellness.studies.models import Device, Enrollment, Protocol
from wellness.studies.services import publish_protocol
from wellness.work.kinds import drain

WEDNESDAY = TUESDAY + timedelta(days=1)
STREAMS = ["battery", "gps", "screen"]
NOW = local(TUESDAY + timedelta(days=9), "12:00")


@pytest.fixture(autouse=True)
def protocol(ada: Enrollment) -> Protocol:
    """The study collects three streams."""
    return publish_protocol(study=ada.study, body={"streams": STREAMS}, now=factories.JOINED_AT)


def fixes(start: datetime, end: datetime) -> Rows:
    times = every(start, end, timedelta(minutes=10))
    return rows(times, latitude=[60.2] * len(times), longitude=[24.9] * len(times))


def sent(device: Device, *spans: tuple[datetime, datetime], now: datetime = NOW) -> None:
    """Position and battery of these spans, handed in and computed."""
    for start, end in spans:
        upload(device, now, battery=battery(start, end), gps=fixes(start, end))
    drain(now, "day")


def told(
    ada: Enrollment, *, now: datetime = NOW, until: date = TUESDAY, **more: Any
) -> list[tuple[str, ...]]:
    """The gaps of Tuesday, or of the days up to another one, as wall times."""
    start, end = local(TUESDAY, "00:00"), local(until + timedelta(days=1), "00:00")
    found = gaps(ada, more.pop("streams", ["screen"]), start, end, purpose=more.pop("purpose", None), now=now)

    def wall(us: int) -> str:
        hours = (us / 1e6 - start.timestamp()) / 3_600
        return f"{int(hours)}:{round(hours % 1 * 60):02d}"

    return [(gap.stream, wall(gap.start_us), wall(gap.end_us), gap.cause) for gap in found]


def at(on: date, wall: str) -> datetime:
    return local(on, wall)


NIGHT = (at(TUESDAY - timedelta(days=1), "18:00"), at(TUESDAY, "10:00"))
AFTERNOON = (at(TUESDAY, "13:00"), at(TUESDAY, "20:00"))
LATER = (at(TUESDAY + timedelta(days=3), "09:00"), at(TUESDAY + timedelta(days=3), "15:00"))


def test_a_silence_on_the_day_itself_is_explained(ada: Enrollment, device: tuple[Device, str]) -> None:
    sent(device[0], NIGHT, AFTERNOON, (at(TUESDAY, "20:00"), at(WEDNESDAY, "08:00")))
    assert told(ada) == [("screen", "9:50", "13:00", "app_killed")]
    assert told(ada, streams=["gps"]) == [("gps", "9:50", "13:00", "app_killed")]
    day = Day.objects.get(on=TUESDAY)
    assert (day.lost_min, day.silence) == ({"app_killed": 190.0}, "")
    assert b"app_killed" not in bytes(day.sealed_gaps or b"")


def test_a_silence_that_lasts_is_a_stalled_upload_until_the_phone_is_heard_of(
    ada: Enrollment, device: tuple[Device, str]
) -> None:
    sent(device[0], NIGHT, AFTERNOON)
    silent = ("screen", "19:50", "24:00", "upload_stalled")
    assert told(ada)[-1] == silent
    assert told(ada, until=WEDNESDAY)[-1] == ("screen", "24:00", "48:00", "upload_stalled")
    sent(device[0], LATER)
    assert told(ada)[-1] == (*silent[:3], "app_killed")
    assert [cause for *_, cause in told(ada, until=LATER[0].date())] == ["app_killed"] * 5 + [
        "upload_stalled"
    ]


def test_a_reboot_days_later_explains_the_whole_silence(ada: Enrollment, device: tuple[Device, str]) -> None:
    sent(device[0], NIGHT, AFTERNOON)
    upload(device[0], NOW, battery=rows([LATER[0]], level=[90], status=["reboot"]))
    sent(device[0], LATER)
    found = told(ada, until=TUESDAY + timedelta(days=2))
    assert [cause for *_, cause in found] == ["app_killed", "phone_off", "phone_off", "phone_off"]


def test_a_phone_that_still_holds_its_rows_explains_the_whole_silence(
    ada: Enrollment, device: tuple[Device, str], protocol: Protocol
) -> None:
    publish_protocol(study=ada.study, body={"streams": [*STREAMS, "device_health"]}, now=factories.JOINED_AT)
    sent(device[0], NIGHT, AFTERNOON)
    beats = every(*LATER, timedelta(hours=1))
    counts = {"n_unsent": [500 + 10 * n for n in range(len(beats))], "n_sent": [4_000] * len(beats)}
    upload(device[0], NOW, device_health=rows(beats, **counts))
    sent(device[0], LATER)
    found = told(ada, until=TUESDAY + timedelta(days=2))
    assert [cause for *_, cause in found] == ["app_killed"] + 3 * ["upload_stalled"]
    minutes = lost([ada], TUESDAY, LATER[0].date() - timedelta(days=1))[ada.pk]
    assert (minutes["app_killed"], minutes["upload_stalled"]) == (190, 250 + 2 * 1_440)


def test_a_silence_that_just_began_is_nothing_to_explain(ada: Enrollment, device: tuple[Device, str]) -> None:
    sent(device[0], NIGHT, AFTERNOON, now=at(TUESDAY, "20:05"))
    assert told(ada, now=at(TUESDAY, "20:05"))[-1][1:3] == ("9:50", "13:00")
    assert told(ada, now=at(TUESDAY, "22:00"))[-1] == ("screen", "19:50", "22:00", "upload_stalled")


def test_late_and_reversed_data_give_the_same_gaps(ada: Enrollment, device: tuple[Device, str]) -> None:
    spans = [NIGHT, AFTERNOON, LATER]

    def stored() -> list[Any]:
        days = Day.objects.order_by("on")
        return [told(ada, until=LATER[1].date()), *days.values_list("on", "lost_min", "silence")]

    for span in spans[::-1]:
        sent(device[0], span)
    backwards = stored()
    Day.objects.all().delete()
    Chunk.objects.all().delete()
    sent(device[0], *spans)
    assert stored() == backwards


def test_lost_minutes_say_the_same_as_the_gaps(ada: Enrollment, device: tuple[Device, str]) -> None:
    sent(device[0], NIGHT, AFTERNOON, LATER)
    to_on = LATER[0].date()
    minutes = lost([ada], TUESDAY, to_on)[ada.pk]
    # 9:50 to 13:00, 19:50 to the end of Tuesday, two days, and the last one up to 9:00 and from 14:50 on.
    assert minutes == {"app_killed": 190 + 250 + 2 * 1_440 + 540, "upload_stalled": 550}
    assert lost([ada], TUESDAY, TUESDAY)[ada.pk] == {"app_killed": 440.0}


def test_before_the_first_data_and_after_the_end_nothing_is_lost(
    ada: Enrollment, device: tuple[Device, str]
) -> None:
    monday = TUESDAY - timedelta(days=1)
    assert lost([ada], monday, TUESDAY) == {ada.pk: {}}
    assert told(ada) == []
    sent(device[0], NIGHT)
    assert lost([ada], monday - timedelta(days=5), monday)[ada.pk] == {"app_killed": 7 * 60.0}
    ada.ended_at = at(WEDNESDAY, "12:00")
    assert told(ada, until=TUESDAY + timedelta(days=5))[-1] == ("screen", "24:00", "36:00", "upload_stalled")
    assert lost([ada], TUESDAY, TUESDAY + timedelta(days=5))[ada.pk] == {"upload_stalled": 850 + 1_440}


def test_withdrawn_consent_is_its_own_cause(ada: Enrollment, device: tuple[Device, str]) -> None:
    sent(device[0], NIGHT, AFTERNOON)
    withdraw(enrollment=ada, now=at(TUESDAY, "15:00"), scopes=[(COLLECT, "gps")])
    drain(NOW, "day")
    assert told(ada, streams=["gps"]) == [("gps", "15:00", "24:00", "consent_withdrawn")]
    assert told(ada)[0] == ("screen", "9:45", "13:00", "app_killed")


def test_a_reader_sees_the_gaps_of_what_is_shared(ada: Enrollment, device: tuple[Device, str]) -> None:
    sent(device[0], NIGHT, AFTERNOON)
    assert told(ada, purpose=SHARE_CLINICIAN, streams=STREAMS) == told(ada, streams=STREAMS)
    withdraw(enrollment=ada, now=NOW, scopes=[(SHARE_CLINICIAN, "gps")])
    shown = told(ada, purpose=SHARE_CLINICIAN, streams=STREAMS)
    assert {stream for stream, *_ in shown} == {"battery", "screen"}
    assert told(ada, purpose="no.such.purpose") == []


def test_a_chunk_in_quarantine_is_a_cause(ada: Enrollment, device: tuple[Device, str]) -> None:
    sent(device[0], NIGHT, AFTERNOON, (at(TUESDAY, "20:00"), at(WEDNESDAY, "08:00")))
    broken = Chunk.objects.filter(stream="gps", first_at__range=AFTERNOON)
    broken.update(state=Chunk.State.QUARANTINED, state_at=NOW, fault="SealBroken")
    Day.objects.update(stale_seq=9)
    drain(NOW, "day")
    found = told(ada, streams=["gps"])
    assert ("gps", "13:00", "19:50", "unreadable") in found


def test_a_study_without_a_protocol_expects_nothing(device: tuple[Device, str]) -> None:
    other = factories.enrollment(factories.study("inland"), "ivy")
    factories.agree_to_everything(other)
    assert lost([other], TUESDAY, WEDNESDAY) == {other.pk: {}}


def test_rows_that_only_gaps_look_at_change_no_value(ada: Enrollment, device: tuple[Device, str]) -> None:
    sent(device[0], NIGHT, AFTERNOON)
    before = Day.objects.get(on=TUESDAY)
    times = every(at(TUESDAY, "10:00"), at(TUESDAY, "13:00"), timedelta(minutes=5))
    upload(device[0], NOW, heart_rate=rows(times, bpm=[60.0] * len(times)))
    drain(NOW, "day")
    after = Day.objects.get(on=TUESDAY)
    assert (after.input_sha256, after.values_sha256) == (before.input_sha256, before.values_sha256)
    assert after.lost_min != before.lost_min
