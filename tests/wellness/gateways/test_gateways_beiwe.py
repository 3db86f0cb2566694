"""Beiwe exports to streams: folders and zips of {patient}/{stream}/{hour}.csv."""

import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.core.management import CommandError, call_command

from phenotyping.intake.models import Upload
from wellness.gateways.beiwe import convert

KEY = b"k" * 32
AT = 1_700_000_000_000
UTC_TIME = "2023-11-14T22:13:20.000"
HOUR, NEXT_HOUR = "2023-11-14 22_00_00+00_00", "2023-11-14 23_00_00+00_00"


def rows(name: str, **columns: list[Any]) -> list[tuple[str, dict[str, list[Any]]]]:
    n = len(next(iter(columns.values())))
    named = {"timestamp": [str(AT + i) for i in range(n)]} | {
        k.replace("_", " "): v for k, v in columns.items()
    }
    table = pa.table({column: pa.array(values, pa.string()) for column, values in named.items()})
    return [(stream, one.to_pydict()) for stream, one in convert(name, table, KEY).parts]


def test_power_state_becomes_screen_and_battery() -> None:
    android = rows(
        "power_state", event=["Screen turned on", "Power connected", "Power Save Mode", "Screen turned off"]
    )
    assert [stream for stream, _ in android] == ["screen", "battery"]
    assert android[0][1] == {"time": [AT, AT + 3], "state": ["on", "off"]}
    assert android[1][1] == {"time": [AT + 1], "level": [None], "status": ["charging"]}
    ios = dict(rows("power_state", event=["Unlocked", "Unplugged", "Full"], level=["0.5", "0.85", "1"]))
    assert ios["screen"]["state"] == ["unlocked"]
    assert (ios["battery"]["level"], ios["battery"]["status"]) == ([85.0, 100.0], ["discharging", "full"])


def test_accelerations_in_g_become_metres_per_second_squared() -> None:
    still = {"x": ["0", "0"], "y": ["0", "0.1"], "z": ["-1", "-0.9"]}
    assert rows("accelerometer", **still)[0][1]["z"] == pytest.approx([-9.80665, -8.825985])
    assert rows("accelerometer", **still | {"z": ["9.8", "9.7"]})[0][1]["z"] == [9.8, 9.7]


def test_calls_and_texts() -> None:
    calls = rows(
        "calls",
        hashed_phone_number=["h", "h"],
        call_type=["Missed Call", "Outgoing Call"],
        duration_in_seconds=["0", "9"],
    )
    assert calls[0][1]["direction"] == ["missed", "outgoing"]
    assert calls[0][1]["duration_s"] == [0, 9]
    texts = rows(
        "texts",
        hashed_phone_number=["h", "h"],
        sent_vs_received=["sent SMS", "received MMS"],
        message_length=["12", "MMS"],
    )
    assert texts[0][0] == "messages"
    assert (texts[0][1]["direction"], texts[0][1]["length"]) == (["outgoing", "incoming"], [12.0, None])
    assert texts[0][1]["contact"][0] == calls[0][1]["contact"][0] != "h"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Two hours of one patient, with files that no stream is made of."""
    start = f"{AT},{UTC_TIME}"
    gps = "timestamp,UTC time,latitude,longitude,altitude,accuracy\n"
    events = ("Screen turned on", "Power connected", "Device Idle (Doze) on")
    power = "".join(f"{start},{event}\n" for event in events)
    files = {
        f"p7/gps/{HOUR}.csv": f"{gps}{start},60.1,24.9,7,12\n",
        f"p7/gps/{NEXT_HOUR}.csv": f"{gps}{AT + 3_600_000},{UTC_TIME},60.2,24.8,7,-1\n",
        f"p7/power_state/{HOUR}.csv": f"timestamp,UTC time,event\n{power}",
        f"p7/gyro/{HOUR}.csv": f"timestamp,UTC time,accuracy,x,y,z\n{start},1,0,0,0\n",
        f"p7/survey_timings/5f/{HOUR}.csv": f"timestamp,UTC time,question id\n{start},q\n",
        "registry": "{}",
    }
    for name, content in files.items():
        path = tmp_path / "export" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "export"


def imported(path: Path) -> list[str]:
    out = StringIO()
    options = ("--study", "mine", "--participant", "p7", "--timezone", "Europe/Helsinki", "--enroll")
    call_command("import_data", "beiwe", str(path), *options, stdout=out)
    return out.getvalue().splitlines()


ACCOUNT = [
    "battery: sent 1 = stored 0 + refused 1 (missing_value 1)",
    "gps: sent 2 = stored 2 + refused 0",
    "screen: sent 1 = stored 1 + refused 0",
    "left out: 1 rows, gyro: no stream",
    "left out: 1 rows, power_state: neither screen nor battery",
    "left out: 1 rows, survey_timings: no stream",
]


def test_folder_zip_and_the_folder_of_the_patient_are_the_same_export(db: None, export: Path) -> None:
    assert imported(export) == ACCOUNT
    n_uploads = Upload.objects.count()
    zipped = export.parent / "export.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for file in sorted(export.rglob("*")):
            archive.write(file, file.relative_to(export))
    for again in (zipped, export / "p7"):
        assert imported(again) == [*ACCOUNT, f"known already: {n_uploads} of {n_uploads} uploads"]
    assert Upload.objects.count() == n_uploads


def test_two_patients_and_unknown_streams_are_refused(db: None, export: Path) -> None:
    (export / "p7" / "seismograph").mkdir()
    (export / "p7" / "seismograph" / f"{HOUR}.csv").write_text("timestamp\n")
    with pytest.raises(CommandError, match="seismograph"):
        imported(export)
    (export / "p7" / "seismograph").rename(export / "p8")
    (export / "p8" / "gps").mkdir()
    (export / "p8" / "gps" / f"{HOUR}.csv").write_text("timestamp\n")
    with pytest.raises(CommandError, match="2 people"):
        imported(export)
