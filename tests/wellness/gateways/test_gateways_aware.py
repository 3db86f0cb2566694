"""AWARE tables to streams, and the import of a real person's month."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from django.core.management import CommandError, call_command

from phenotyping.intake.models import Upload, UploadPart
from phenotyping.intake.reading import read
from phenotyping.streams.samples import Columns
from wellness.consent.purposes import COLLECT, INTERVENE
from wellness.consent.services import withdraw
from wellness.gateways.aware import convert, table_named
from wellness.gateways.converted import NotImportable
from wellness.lib.clock import utc_now
from wellness.studies.models import Enrollment

_niimpy = find_spec("niimpy")
SAMPLE = Path(_niimpy.origin).parent / "sampledata" if _niimpy and _niimpy.origin else None
real = pytest.mark.skipif(SAMPLE is None, reason="niimpy is not installed: its AWARE sample is not checked")
KEY = b"k" * 32
AT_MS = 1_700_000_000_000
Run = Callable[..., list[str]]


def texts(**columns: list[Any]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def rows(name: str, platform: str = "android", **columns: list[Any]) -> dict[str, list[Any]]:
    n = len(next(iter(columns.values())))
    table = texts(timestamp=[str(AT_MS + 1_000 * i) for i in range(n)], **columns)
    return convert(name, table, KEY, platform).parts[0][1].to_pydict()


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("AwareScreen_1month.csv.gz", "screen"),
        ("multiuser_AwareBattery.csv", "battery"),
        ("applications_foreground.csv", "applications_foreground"),
        ("p01_applications_foreground_2017.csv", "applications_foreground"),
        ("sensor_wifi.csv", "sensor_wifi"),
        ("gps.csv", "locations"),
        ("esms.csv", "esms"),
    ],
)
def test_names_tell_the_table(file: str, table: str) -> None:
    assert table_named(file) == table


@pytest.mark.parametrize("file", ["flights.csv", "data.csv", "homescreens.csv"])
def test_a_name_that_tells_no_table_is_refused(file: str) -> None:
    with pytest.raises(NotImportable, match="--stream"):
        table_named(file)


def test_codes_become_words_and_unknown_ones_stay_for_intake_to_refuse() -> None:
    assert rows("screen", screen_status=["0", "1.0", "2", "3", "9"])["state"] == [
        "off",
        "on",
        "locked",
        "unlocked",
        "9",
    ]
    assert rows("calls", call_type=["3", "outgoing"], call_duration=["0", "12"])["direction"] == [
        "missed",
        "outgoing",
    ]
    battery = {"battery_level": ["40", "8"], "battery_status": ["-3", "3"], "battery_scale": ["50", "0"]}
    assert rows("battery", **battery)["level"] == [80.0, 8.0]
    assert rows("battery", **battery)["status"] == ["reboot", "discharging"]
    assert rows("battery", "ios", **battery)["status"] == ["reboot", "full"]


def test_addresses_become_keyed_hashes() -> None:
    seen = rows("bluetooth", bt_address=["aa", "bb", "aa", None], bt_rssi=["-70", "-60", "x", None])
    assert seen["address"][0] == seen["address"][2] != seen["address"][1]
    assert (seen["address"][3], seen["rssi"]) == (None, [-70.0, -60.0, None, None])
    assert "aa" not in seen["address"]
    other = convert("bluetooth", texts(timestamp=["1"], bt_address=["aa"]), b"other" * 8).parts[0][1]
    assert other["address"][0].as_py() != seen["address"][0]


def test_an_app_is_used_until_the_next_whatever_the_order() -> None:
    table = texts(
        timestamp=[str(AT_MS + s * 1_000) for s in (4_000, 0, 60)],
        package_name=["c", "a", "b"],
        colour=["", "", ""],
    )
    found = convert("applications_foreground", table, KEY)
    assert found.parts[0][1]["duration_s"].to_pylist() == [0.0, 60.0, 1_800.0]
    assert list(found.unknown_columns) == ["applications_foreground.colour"]


def test_ios_flags_become_an_activity() -> None:
    found = rows(
        "plugin_ios_activity_recognition",
        walking=["1", "0", "0"],
        stationary=["1", "1", "0"],
        confidence=["2", "0", "1"],
    )
    assert (found["activity"], found["confidence"]) == (["walking", "still", None], [100.0, 0.0, 50.0])


def test_rows_without_a_time_are_counted() -> None:
    found = convert("light", texts(timestamp=["1", None, "soon"], double_light_lux=["1", "2", "3"]), KEY)
    assert (found.parts[0][1].num_rows, found.left_out["light: no time"]) == (1, 2)
    with pytest.raises(NotImportable, match="timestamp"):
        convert("light", texts(double_light_lux=["1"]), KEY)
    assert convert("esms", texts(timestamp=["1"]), KEY).left_out["esms: no stream"] == 1


@pytest.fixture
def run(db: None) -> Run:
    """The lines that an import of this person prints."""

    def run(path: Path | str, *more: str, participant: str = "p1") -> list[str]:
        out = StringIO()
        options = ("--study", "mine", "--participant", participant, "--timezone", "Europe/Helsinki", *more)
        call_command("import_data", "aware", str(path), *options, stdout=out)
        return out.getvalue().splitlines()

    return run


def stored(stream: str) -> Columns:
    start, end = datetime(2010, 1, 1, tzinfo=UTC), utc_now()
    return read(Enrollment.objects.get(code="p1"), [stream], start, end)[stream]


@real
def test_the_month_is_accounted_for_to_the_microsecond(run: Run) -> None:
    assert SAMPLE
    assert run(SAMPLE / "AwareScreen_1month.csv.gz", "--enroll") == [
        "screen: sent 5278 = stored 5278 + refused 0"
    ]
    assert run(SAMPLE / "AwareBattery_1month.csv.gz", "--enroll") == [
        "battery: sent 8398 = stored 8398 + refused 0"
    ]
    source = pd.read_csv(SAMPLE / "AwareScreen_1month.csv.gz").drop_duplicates()
    words = np.array(["off", "on", "locked", "unlocked"])[source["screen_status"]]
    expected = sorted(zip(np.rint(source["time"] * 1e6).astype(np.int64), words, strict=True))
    found = stored("screen")
    assert list(zip(found["time"], found["state"], strict=True)) == expected
    battery = pd.read_csv(SAMPLE / "AwareBattery_1month.csv.gz").drop_duplicates(
        ["time", "battery_level", "battery_status"]
    )
    assert sorted(np.rint(battery["time"] * 1e6).astype(np.int64)) == stored("battery")["time"].tolist()


@real
def test_twice_stores_once_and_row_order_changes_nothing(run: Run, tmp_path: Path) -> None:
    assert SAMPLE
    run(SAMPLE / "AwareBattery.csv", "--enroll")
    first = stored("battery")
    assert run(SAMPLE / "AwareBattery.csv", "--enroll")[-1] == "known already: 1 of 1 uploads"
    assert (Upload.objects.count(), UploadPart.objects.get().n_stored) == (1, 4_469)
    source = pd.read_csv(SAMPLE / "AwareBattery.csv", dtype=str)
    assert first["time"].size == len(source.drop_duplicates(["time", "battery_level", "battery_status"]))
    shuffled = tmp_path / "battery.csv"
    source.sample(frac=1, random_state=1).to_csv(shuffled, index=False)
    run(shuffled, "--enroll")
    again = stored("battery")
    assert all(np.array_equal(again[name], values) for name, values in first.items())


@real
def test_a_database_is_imported_table_by_table(run: Run) -> None:
    assert SAMPLE
    lines = run(SAMPLE / "multiuser.sqlite3", "--enroll")
    assert lines == [
        "battery: sent 373 = stored 373 + refused 0",
        "screen: sent 155 = stored 155 + refused 0",
    ]
    only = run(SAMPLE / "multiuser.sqlite3", "--enroll", "--stream", "battery", participant="p2")
    assert only == lines[:1]


@real
@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("multiuser_AwareCalls.csv", "2 people"),
        ("survey_phq9.csv", "names no table"),
        ("nothing.csv", "nothing at"),
    ],
)
def test_what_cannot_be_imported_says_why(run: Run, file: str, reason: str) -> None:
    assert SAMPLE
    with pytest.raises(CommandError, match=reason):
        run(SAMPLE / file, "--enroll")
    assert not Enrollment.objects.exists()


def screens(folder: Path, start_s: int) -> Path:
    path = folder / "screen.csv"
    path.write_text("time,screen_status\n" + "".join(f"{start_s + i}.25,{i % 4}\n" for i in range(8)))
    return path


def test_a_missing_participant_says_what_to_do(run: Run, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--enroll"):
        run(screens(tmp_path, 1_700_000_000))


def test_impossible_times_are_left_out_and_bad_values_refused(run: Run, tmp_path: Path) -> None:
    path = screens(tmp_path, 1_700_000_000)
    path.write_text(path.read_text() + "5,1\n9e9,1\n1700000050,77\n")
    assert run(path, "--enroll") == [
        "screen: sent 9 = stored 8 + refused 1 (out_of_range 1)",
        "left out: 2 rows, screen: impossible time",
    ]


def test_rows_of_a_fast_clock_are_kept_and_flagged_like_those_of_a_phone(run: Run, tmp_path: Path) -> None:
    path = screens(tmp_path, 1_700_000_000)
    ahead = int((utc_now() + timedelta(hours=2)).timestamp())
    path.write_text(f"{path.read_text()}{ahead},1\n")
    assert run(path, "--enroll") == ["screen: sent 9 = stored 9 + refused 0"]
    (flag,) = Upload.objects.get().receipt["streams"]["screen"]["flags"]
    assert (flag["code"], flag["n"]) == ("time_in_future", 1)
    assert Enrollment.objects.get().zones().starts[-1] < utc_now()


def test_an_earlier_file_widens_the_grant_but_a_withdrawal_stands(run: Run, tmp_path: Path) -> None:
    run(screens(tmp_path, 1_700_000_000), "--enroll")
    assert run(screens(tmp_path, 1_600_000_000), "--enroll") == ["screen: sent 8 = stored 8 + refused 0"]
    person = Enrollment.objects.get()
    assert not person.consent_states.filter(purpose=INTERVENE).exists()
    withdraw(enrollment=person, now=utc_now(), scopes=[(COLLECT, "screen")])
    with pytest.raises(CommandError, match="decides"):
        run(screens(tmp_path, 1_500_000_000), "--enroll")
    assert run(screens(tmp_path, 1_500_000_000)) == [
        "screen: sent 8 = stored 0 + refused 8 (consent_denied 8)"
    ]


def test_the_zone_of_an_import_holds_for_its_time_only(ada: Enrollment, tmp_path: Path) -> None:
    options = ["--study", ada.study.slug, "--participant", ada.code, "--timezone", "America/New_York"]
    call_command("import_data", "aware", str(screens(tmp_path, 1_700_000_000)), *options, stdout=StringIO())
    zones, first = ada.zones(), datetime.fromtimestamp(1.7e9, UTC) + timedelta(milliseconds=250)
    assert (zones.at(first), zones.at(first + timedelta(seconds=7))) == (
        "America/New_York",
        "America/New_York",
    )
    assert zones.at(first + timedelta(seconds=8)) == "Europe/Helsinki"
