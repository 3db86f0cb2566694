"""CSV bodies: how many rows one may have, and values at the edges of what is plausible."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.intake.checking import FINE, MISSING, RANGE, check
from phenotyping.intake.decoding.csv_body import decode
from phenotyping.streams.catalogue import STREAMS
from wellness.lib.clock import from_us
from wellness.lib.refusal import Refusal

LIMIT = 5
NOW = from_us(1_767_800_000_000_000)
AXES = STREAMS["accelerometer"].columns


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"1", b"1,2", b"1,2,3,4", b"", b",,,", b'"1",2']), max_size=12),
    st.sampled_from([b"time", b"time,x", b"time,x,y,z"]),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_no_body_has_more_rows_than_it_may(rows: list[bytes], head: bytes, end: bytes) -> None:
    body = head + b"\n" + b"".join(row + end for row in rows)
    try:
        table = decode(body, "accelerometer", LIMIT)
    except Refusal as refusal:
        assert refusal.code in ("too_large", "bad_csv")
    else:
        assert table.num_rows <= LIMIT


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(("head", "row"), [(b"time", b"1"), (b"time,x,y,z", b"1,2,3,4"), (b"time,x", b",")])
def test_one_row_too_many_is_refused(head: bytes, row: bytes, end: bytes) -> None:
    body = head + b"\n" + (row + end) * LIMIT
    assert decode(body, "accelerometer", LIMIT).num_rows == LIMIT
    with pytest.raises(Refusal, match="at most 5 rows"):
        decode(body + row + end, "accelerometer", LIMIT)


@pytest.mark.parametrize("names", ["app,time,duration_s", "time,app,duration_s"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_only_the_mark_of_a_file_is_taken_off(names: str, start: str) -> None:
    """U+FEFF at the beginning says UTF-8; before a value it is a letter of it."""
    row = {"app": "\ufeffmail", "time": "1", "duration_s": "2"}
    line = ",".join(row[name] for name in names.split(","))
    table = decode(f"{start}{names}\n{line}\n".encode(), "app_usage", LIMIT)
    assert table["app"].to_pylist() == ["\ufeffmail"]


@settings(deadline=None)
@given(st.lists(st.one_of(st.floats(), st.floats(-1, 1), st.sampled_from([-200.0, 200.0])), min_size=1))
def test_a_value_is_judged_by_itself(values: list[float]) -> None:
    together = _judged(values)
    assert together == [one for value in values for one in _judged([value])]
    for value, reason in zip(values, together, strict=True):
        assert reason == (MISSING if np.isnan(value) else FINE if -200 <= value <= 200 else RANGE)


def _judged(values: list[float]) -> list[int]:
    column = pa.chunked_array([pa.array(values, pa.float64())])
    times = pa.chunked_array([pa.array([1_767_700_000_000.0] * len(values))])
    table = pa.table({"time": times} | dict.fromkeys((axis.name for axis in AXES), column))
    return [int(one) for one in check("accelerometer", table, NOW).reasons]
