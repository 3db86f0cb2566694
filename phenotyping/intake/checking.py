"""Checking one stream's table against the catalogue: types for the whole, values row by row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from phenotyping.intake.decoding.envelope import wire_type, wire_types
from phenotyping.intake.faults import fault
from phenotyping.streams.catalogue import STREAMS
from phenotyping.streams.columns import Column
from phenotyping.streams.samples import TIME
from wellness.lib.clock import to_us

EARLIEST_MS = to_us(datetime(2010, 1, 1, tzinfo=UTC)) / 1_000
AHEAD = timedelta(minutes=5)
TEXT_CHARACTERS = 256

FINE, CONSENT_DENIED, BEFORE_CONSENT, MISSING, RANGE = range(5)
CODES = ("", "consent_denied", "before_consent", "missing_value", "out_of_range")

Reasons = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Checked:
    """Rows of one stream in the order they were sent, typed; `reasons` (of CODES) says which are refused."""

    stream: str
    table: pa.Table
    reasons: Reasons

    @property
    def times_us(self) -> NDArray[np.int64]:
        """Event times as microseconds since 1970."""
        times: NDArray[np.int64] = self.table[TIME].to_numpy()
        return times


def check(stream: str, table: pa.Table, now: datetime) -> Checked:
    """The typed rows; Refusal of the whole when a column or its type is wrong, or a time cannot be."""
    _require_columns(stream, table.column_names)
    columns = {TIME: _times(stream, table[TIME], now)}
    reasons = np.full(table.num_rows, FINE, np.uint8)
    for column in STREAMS[stream].columns:
        if column.name in table.column_names:
            values, missing, outside = _column(stream, column, table[column.name])
            columns[column.name] = values
            reasons[outside & (reasons == FINE)] = RANGE
            if column.required:
                reasons[missing] = MISSING
    return Checked(stream, pa.table(columns), reasons)


def _require_columns(stream: str, names: list[str]) -> None:
    wire_types(stream)
    for name in names:
        wire_type(stream, name)
    required = [TIME, *(column.name for column in STREAMS[stream].columns if column.required)]
    for name in required:
        if name not in names:
            raise fault("missing_column", f"{stream} has the column {name}.", stream=stream, column=name)


def _times(stream: str, values: pa.ChunkedArray, now: datetime) -> pa.Array:
    ms = _numbers(stream, TIME, values)
    latest_ms = to_us(now + AHEAD) / 1_000
    for code, message, wrong in (
        ("time_not_finite", "A time is missing or not a finite number.", ~np.isfinite(ms)),
        ("time_too_early", "A time is before 2010; times are epoch milliseconds.", ms < EARLIEST_MS),
        ("time_in_future", "A time is more than 5 minutes ahead of the server.", ms > latest_ms),
    ):
        if wrong.any():
            raise fault(code, message, stream=stream, column=TIME, row=int(wrong.argmax()))
    return pa.array(np.rint(ms * 1_000).astype(np.int64))


def _column(stream: str, column: Column, values: pa.ChunkedArray) -> tuple[pa.Array, Mask, Mask]:
    """The typed values, where they are missing, and where they are not plausible."""
    if column.kind in ("int", "real"):
        return _measured(stream, column, _numbers(stream, column.name, values))
    if column.kind == "flag":
        if not (pa.types.is_boolean(values.type) or pa.types.is_null(values.type)):
            raise _wrong_type(stream, column.name)
        flags = values.cast(pa.bool_()).combine_chunks()
        missing = _mask(flags.is_null())
        return flags, missing, np.zeros_like(missing)
    return _words(stream, column, values)


def _measured(stream: str, column: Column, values: NDArray[np.float64]) -> tuple[pa.Array, Mask, Mask]:
    missing = np.isnan(values)
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    outside = ~missing & ~((values >= low) & (values <= high) & np.isfinite(values))
    if column.kind == "real":
        return pa.array(values, mask=missing), missing, outside
    broken = np.isfinite(values) & (np.rint(values) != values)
    if broken.any():
        raise _wrong_type(stream, column.name, int(broken.argmax()))
    usable = ~(missing | outside)
    return pa.array(np.where(usable, values, 0).astype(np.int64), mask=~usable), missing, outside


def _words(stream: str, column: Column, values: pa.ChunkedArray) -> tuple[pa.Array, Mask, Mask]:
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
        raise _wrong_type(stream, column.name)
    words = values.cast(pa.string()).combine_chunks().dictionary_encode()
    known = words.dictionary
    empty = pc.equal(known, "")
    if column.kind == "word":
        fits = pc.is_in(known, pa.array(column.words, pa.string()))
    else:
        short = pc.less_equal(pc.utf8_length(known), TEXT_CHARACTERS)
        fits = pc.and_(short, pc.invert(pc.match_substring_regex(known, r"[\x00-\x1f\x7f]")))
    missing = _mask(words.is_null()) | _of_each(words, empty)
    outside = ~missing & ~_of_each(words, fits)
    return pa.DictionaryArray.from_arrays(pa.array(_indices(words), mask=missing), known), missing, outside


def _of_each(words: pa.DictionaryArray, of_known: pa.Array) -> Mask:
    """A fact about dictionary entries, for every row; False where the value is missing."""
    facts = np.append(_mask(of_known), False)
    return facts[_indices(words)]


def _indices(words: pa.DictionaryArray) -> NDArray[np.int32]:
    """Row by row the dictionary entry, -1 where missing."""
    indices: NDArray[np.int32] = words.indices.fill_null(-1).to_numpy()
    return indices


def _numbers(stream: str, name: str, values: pa.ChunkedArray) -> NDArray[np.float64]:
    """The values as float64 with nan for missing; exact for whole numbers up to 2^53."""
    kind = values.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        raise _wrong_type(stream, name)
    numbers: NDArray[np.float64] = values.cast(pa.float64(), safe=False).to_numpy()
    return numbers


def _mask(flags: pa.Array) -> Mask:
    mask: Mask = flags.to_numpy(zero_copy_only=False).astype(bool)
    return mask


def _wrong_type(stream: str, name: str, row: int | None = None) -> Exception:
    return fault("wrong_type", f"{name} is not of its type.", stream=stream, column=name, row=row)
