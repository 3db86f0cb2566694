"""Checking one stream's table against the catalogue: types for the whole, values row by row."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from phenotyping.intake.clocks import BOOT, MONOTONIC, UPTIME
from phenotyping.intake.decoding.envelope import wire_type, wire_types
from phenotyping.intake.faults import fault
from phenotyping.streams.catalogue import STREAMS
from phenotyping.streams.columns import Column
from phenotyping.streams.samples import TIME
from wellness.lib.clock import to_us

EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
EARLIEST_MS = to_us(EARLIEST) / 1_000
AHEAD = timedelta(minutes=5)  # from here on a time is flagged
FAR_AHEAD = timedelta(hours=48)  # and from here on its row refused
TEXT_CHARACTERS = 256
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LARGEST = np.finfo(np.float64).max  # of finite numbers

FINE, CONSENT_DENIED, BEFORE_CONSENT, MISSING, RANGE, EARLY, FUTURE = range(7)
CODES = (
    "",
    "consent_denied",
    "before_consent",
    "missing_value",
    "out_of_range",
    "time_too_early",
    "time_in_future",
)

Reasons = NDArray[np.uint8]
Mask = NDArray[np.bool_]
# Values, where they are missing, and where they are not plausible; None is nowhere.
Typed = tuple[pa.Array, Mask | None, Mask | None]


@dataclass(frozen=True)
class Checked:
    """Rows of one stream in the order they were sent, typed; `reasons` (of CODES) says which are refused."""

    stream: str
    table: pa.Table
    reasons: Reasons

    @cached_property
    def times_us(self) -> NDArray[np.int64]:
        """Event times as microseconds since 1970."""
        times: NDArray[np.int64] = self.table[TIME].to_numpy()
        return times

    @property
    def monotonic_ms(self) -> NDArray[np.float64] | None:
        """The monotonic clock of every row, nan where it is missing; None when the phone did not send it."""
        if MONOTONIC not in self.table.column_names:
            return None
        us: NDArray[np.float64] = self.table[MONOTONIC].cast(pa.float64()).to_numpy()
        return us / 1_000

    def booted(self, boot_id: str) -> Checked:
        """The same rows with the boot that their monotonic clock counts from, where there is one."""
        if not boot_id or MONOTONIC not in self.table.column_names:
            return self
        boots = pa.DictionaryArray.from_arrays(np.zeros(self.table.num_rows, np.int32), [boot_id])
        return replace(self, table=self.table.append_column(BOOT, boots))


def check(stream: str, table: pa.Table, now: datetime) -> Checked:
    """The typed rows; Refusal of the whole when a column or its type is wrong, or a time is no time."""
    names = table.column_names
    _require_columns(stream, names)
    times, misplaced = _times(stream, table[TIME], now)
    columns, reasons = {TIME: times}, misplaced.copy()
    for column in (*STREAMS[stream].columns, UPTIME):
        if column.name in names:
            values, missing, outside = _column(stream, column, table[column.name])
            columns[column.name] = _microseconds(values) if column is UPTIME else values
            if outside is not None:
                reasons[outside & (reasons == FINE)] = RANGE
            if missing is not None and column.required:
                reasons[missing] = MISSING
    if np.count_nonzero(misplaced):
        reasons = np.where(misplaced == FINE, reasons, misplaced)
    return Checked(stream, pa.table(columns), reasons)


def _require_columns(stream: str, names: list[str]) -> None:
    wire_types(stream)
    for name in names:
        wire_type(stream, name)
    required = [TIME, *(column.name for column in STREAMS[stream].columns if column.required)]
    for name in required:
        if name not in names:
            raise fault("missing_column", f"{stream} has the column {name}.", stream=stream, column=name)


def _times(stream: str, values: pa.ChunkedArray, now: datetime) -> tuple[pa.Array, Reasons]:
    """The times in microseconds, and which rows are refused for theirs; a refused time is 1970."""
    ms = _numbers(stream, TIME, values)
    latest_ms = to_us(now + FAR_AHEAD) / 1_000
    reasons = np.full(ms.size, FINE, np.uint8)
    if not (ms.size and ms.min() >= EARLIEST_MS and ms.max() <= latest_ms):  # nan is not
        broken = ~np.isfinite(ms)
        if broken.any():
            message = "A time is missing or not a finite number."
            raise fault("time_not_finite", message, stream=stream, column=TIME, row=int(broken.argmax()))
        reasons[ms < EARLIEST_MS] = EARLY
        reasons[ms > latest_ms] = FUTURE
        ms = np.where(reasons == FINE, ms, 0)
    return pa.array(np.rint(ms * 1_000).astype(np.int64)), reasons


def _microseconds(ms: pa.Array) -> pa.Array:
    us = np.rint(np.clip(ms.fill_null(0).to_numpy(), UPTIME.low, UPTIME.high) * 1_000)
    return pa.array(us.astype(np.int64), mask=_mask(ms.is_null()))


def _column(stream: str, column: Column, values: pa.ChunkedArray) -> Typed:
    if column.kind in ("int", "real"):
        return _measured(stream, column, _numbers(stream, column.name, values))
    if column.kind == "flag":
        if not (pa.types.is_boolean(values.type) or pa.types.is_null(values.type)):
            raise _wrong_type(stream, column.name)
        flags = values.cast(pa.bool_()).combine_chunks()
        return flags, _mask(flags.is_null()) if flags.null_count else None, None
    return _words(stream, column, values)


def _measured(stream: str, column: Column, values: NDArray[np.float64]) -> Typed:
    low = -LARGEST if column.low is None else column.low
    high = LARGEST if column.high is None else column.high
    if values.size and values.min() >= low and values.max() <= high:  # nan is not
        if column.kind == "real":
            return pa.array(values), None, None
        if np.array_equal(np.rint(values), values):
            return pa.array(values.astype(np.int64)), None, None
    missing = np.isnan(values)
    outside = ~missing & ~((values >= low) & (values <= high))
    if column.kind == "real":
        mask = missing if missing.any() else None  # without one Arrow copies nothing
        return pa.array(values, mask=mask), missing, outside
    broken = np.isfinite(values) & (np.rint(values) != values)
    if broken.any():
        raise _wrong_type(stream, column.name, int(broken.argmax()))
    usable = ~(missing | outside)
    return pa.array(np.where(usable, values, 0).astype(np.int64), mask=~usable), missing, outside


def _words(stream: str, column: Column, values: pa.ChunkedArray) -> Typed:
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
        raise _wrong_type(stream, column.name)
    texts = values if pa.types.is_string(values.type) else values.cast(pa.string())
    words = texts.combine_chunks().dictionary_encode()
    known = words.dictionary.to_pylist()
    if not words.null_count and all(word and _fits(column, word) for word in known):
        return words, None, None
    at = words.indices.fill_null(-1).to_numpy()
    missing = np.array([not word for word in known] + [True])[at]
    fits = np.array([_fits(column, word) for word in known] + [True])[at]
    kept = pa.DictionaryArray.from_arrays(pa.array(at, mask=missing), words.dictionary)
    return kept, missing, ~missing & ~fits


def _fits(column: Column, word: str) -> bool:
    if column.kind == "word":
        return word in column.words
    return len(word) <= TEXT_CHARACTERS and not CONTROL.search(word)


def _numbers(stream: str, name: str, values: pa.ChunkedArray) -> NDArray[np.float64]:
    """The values as float64 with nan for missing; exact for whole numbers up to 2^53."""
    kind = values.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        raise _wrong_type(stream, name)
    doubles = values if pa.types.is_float64(kind) else values.cast(pa.float64(), safe=False)
    numbers: NDArray[np.float64] = doubles.to_numpy()
    return numbers


def _mask(flags: pa.Array) -> Mask:
    mask: Mask = flags.to_numpy(zero_copy_only=False).astype(bool)
    return mask


def _wrong_type(stream: str, name: str, row: int | None = None) -> Exception:
    return fault("wrong_type", f"{name} is not of its type.", stream=stream, column=name, row=row)
