"""Chunks give back every bit of what they were given, in as few bytes as it can be told in."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.intake.merging import concatenated
from phenotyping.intake.parquet import FEW, decode, encode, encode_fragment
from phenotyping.streams.catalogue import STREAMS

ROWS = 3_000
WIDE = st.one_of(
    st.floats(allow_nan=False),
    st.floats(width=32, allow_nan=False),
    st.decimals(-300, 300, places=4).map(float),
    st.integers(-(2**40), 2**40).map(float),
    st.sampled_from([0.0, -0.0, 5e-324, -(2.0**31), 2.0**31, -214748.3648, 1e22, np.inf, -np.inf]),
    st.none(),
)


def accelerometer(*axes: list[float | None]) -> pa.Table:
    times = pa.array(range(1_767_700_000_000_000, 1_767_700_000_000_000 + 20_000 * len(axes[0]), 20_000))
    real = {name: pa.array(axis, pa.float64()) for name, axis in zip("xyz", axes, strict=True)}
    return pa.table({"time": times} | real)


def bits(table: pa.Table) -> list[object]:
    """Columns in a form in which -0.0 is not 0.0."""
    return [
        [None if one is None else np.float64(one).tobytes() for one in column.to_pylist()]
        if pa.types.is_floating(column.type)
        else column.to_pylist()
        for column in table.columns
    ]


@given(st.lists(WIDE, min_size=1, max_size=12), st.sampled_from([1, 30]))
@settings(max_examples=150, deadline=None)
def test_every_bit_comes_back(values: list[float | None], times: int) -> None:
    table = accelerometer(*[values * times] * 3)
    for form in (encode, encode_fragment):
        back = decode("accelerometer", form("accelerometer", table))
        assert back.schema.types == table.schema.types
        assert bits(back) == bits(table)


@given(st.lists(st.one_of(st.decimals(-300, 300, places=3).map(float), st.none(), st.just(-0.0)), min_size=1))
@settings(max_examples=50, deadline=None)
def test_one_that_does_not_fit_spoils_nothing(values: list[float | None]) -> None:
    for odd in (1 / 3, 2.0**40, 0.1 + 0.2, -np.inf, float(np.float32(0.1)), np.nan):
        table = accelerometer(*[values * (FEW + 1) + [odd]] * 3)
        assert bits(decode("accelerometer", encode("accelerometer", table))) == bits(table)


@pytest.mark.parametrize("stream", STREAMS)
def test_every_stream_comes_back(stream: str) -> None:
    kinds = {
        "int": pa.array([3, None, 2**53]),
        "real": pa.array([0.1, None, -0.0]),
        "flag": pa.array([True, None, False]),
        "word": pa.array(["a", None, "ä"]).dictionary_encode(),
    }
    columns = {column.name: kinds[column.kind.replace("text", "word")] for column in STREAMS[stream].columns}
    order = {"monotonic_ms": pa.array([1, None, 3]), "boot": pa.array(["b1"] * 3).dictionary_encode()}
    table = pa.table({"time": pa.array([1, 2, 2**53])} | columns | order)
    many = pa.concat_tables([table] * 30)
    back = [decode(stream, form(stream, one)) for form in (encode, encode_fragment) for one in (table, many)]
    assert [bits(one) for one in back] == [bits(table), bits(many)] * 2
    # A chunk of few rows and one of many are read as one.
    assert concatenated(back).num_rows == 2 * (table.num_rows + many.num_rows)


@pytest.mark.parametrize("times", [1, FEW])
def test_texts_of_rows_that_are_left_out_are_not_in_the_bytes(times: int) -> None:
    apps = pa.array(["mail", "a secret", None, "maps"] * times).dictionary_encode()
    table = pa.table({"time": pa.array(range(4 * times)), "app": apps})
    kept = table.filter(pc.invert(pc.equal(table["app"].cast(pa.string()), "a secret").fill_null(False)))
    for form in (encode, encode_fragment):
        plain = form("app_usage", kept)
        assert b"mail" in plain and b"maps" in plain and b"secret" not in plain
        assert decode("app_usage", plain)["app"].to_pylist() == ["mail", None, "maps"] * times


@pytest.mark.parametrize(
    ("rounded", "at_most"),
    [
        (lambda values: np.round(values, 4), 8.0),  # as a phone that writes four decimals
        (lambda values: values.astype(np.float32).astype(float), 12.0),  # as one that prints a C float
    ],
)
def test_few_bytes_a_row(rounded: object, at_most: float) -> None:
    draw = np.random.default_rng(1)
    axes = [rounded(draw.normal(mean, 1.5, ROWS)).tolist() for mean in (0.1, 9.6, 0.7)]
    assert len(encode("accelerometer", accelerometer(*axes))) / ROWS < at_most


def test_the_same_samples_give_the_same_bytes_however_pieced_together() -> None:
    table = accelerometer(*[[0.25, -0.0, None, 3.1415] * 100] * 3)
    pieces = pa.concat_tables([table.slice(0, 7), table.slice(7, 300), table.slice(307)])
    assert encode("accelerometer", pieces) == encode("accelerometer", table)
