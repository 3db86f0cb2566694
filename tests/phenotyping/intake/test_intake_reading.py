"""read(): samples come back as if they had come at once and in order."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import numpy as np
import pyarrow as pa
from django.core.files.storage import storages
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.intake.merging import merge
from phenotyping.intake.models import Chunk
from phenotyping.intake.reading import read
from phenotyping.streams.samples import Columns
from tests.phenotyping.intake.conftest import NOON, NOON_MS, Phone, screen, take
from wellness.studies.models import Device, Enrollment

HOUR = timedelta(hours=1)


def listed(columns: Columns) -> dict[str, list[Any]]:
    return {
        name: [None if isinstance(one, float) and np.isnan(one) else one for one in values.tolist()]
        for name, values in columns.items()
    }


def test_every_stream_asked_for_has_a_key(ada: Enrollment, phone: Phone) -> None:
    phone.send({"screen": screen()})
    found = read(ada, ["screen", "gps", "light"], NOON, NOON + HOUR)
    assert {name: columns["time"].size for name, columns in found.items()} == {
        "screen": 4,
        "gps": 0,
        "light": 0,
    }
    assert found["gps"].keys() == {"time"}


def test_the_interval_is_half_open(ada: Enrollment, phone: Phone) -> None:
    phone.send({"screen": screen(4)})
    second = timedelta(seconds=1)
    found = read(ada, ["screen"], NOON + second, NOON + 3 * second)["screen"]
    assert found["state"].tolist() == ["unlocked", "locked"]


def test_someone_elses_samples_are_not_read(ada: Enrollment, phone: Phone) -> None:
    phone.send({"screen": screen()})
    other = Enrollment(pk=ada.pk + 1, study=ada.study)
    assert read(other, ["screen"], NOON, NOON + HOUR)["screen"]["time"].size == 0


def test_order_of_arrival_and_repetition_change_nothing(device: tuple[Device, str]) -> None:
    """Rows of one instant, some of them equal, in every order, each sent with a repetition."""
    rows = [(0, 60.0, None), (0, 60.0, 5.0), (0, 59.0, 9.0), (1, 60.0, None)]
    seen = []
    for n, order in enumerate(permutations(rows)):
        start_ms = NOON_MS + n * 1_000
        for offset, latitude, accuracy in (*order, order[0]):
            place = {"time": [start_ms + offset], "latitude": [latitude], "longitude": [24.0]}
            take(
                device[0],
                {"gps": pa.table(place | {"accuracy": pa.array([accuracy], pa.float64())})},
                NOON + HOUR,
            )
        start = NOON + timedelta(seconds=n)
        found = read(device[0].enrollment, ["gps"], start, start + timedelta(seconds=1))["gps"]
        seen.append(listed(found | {"time": found["time"] - found["time"][0]}))
    assert seen[0]["latitude"] == [59.0, 60.0, 60.0, 60.0]
    assert seen[0]["accuracy"] == [9.0, 5.0, None, None]
    assert all(one == seen[0] for one in seen)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["on", "off"])), max_size=12), st.data())
def test_merging_is_the_sorted_set_of_rows(rows: list[tuple[int, str]], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(rows)))
    merged = merge("screen", [_table(part) for part in (rows[:cut], rows[cut:]) if part])
    found = list(zip(merged["time"].tolist(), merged.get("state", np.empty(0)).tolist(), strict=True))
    assert found == sorted(set(rows))


def _table(rows: Sequence[tuple[int, str]]) -> pa.Table:
    times, states = zip(*sorted(rows, key=lambda row: row[0]), strict=True)
    return pa.table({"time": pa.array(times, pa.int64()), "state": pa.array(states).dictionary_encode()})


def test_what_is_stored_says_nothing_in_clear(ada: Enrollment, phone: Phone) -> None:
    phone.send({"app_usage": {"time": [NOON_MS], "app": ["org.example.secret"], "duration_s": [5]}})
    sealed = storages["chunks"].open(Chunk.objects.get().object_name).read()
    assert b"PAR1" not in sealed and b"secret" not in sealed and b"duration" not in sealed
