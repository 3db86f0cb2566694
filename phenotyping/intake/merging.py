"""Merging samples of several chunks: by time, rows of one instant by their values, repetitions once.

What comes out depends only on the set of rows, never on how they were split or in which order they came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from phenotyping.streams.catalogue import STREAMS
from phenotyping.streams.columns import Column
from phenotyping.streams.samples import TIME, empty

DAY_US = 86_400_000_000
ORDERING = ("boot", "monotonic_ms")  # order rows of one instant where a phone sent them; never returned
_FLIP = np.int64(2**63 - 1)

_Arrays = dict[str, NDArray[Any]]
_Rows = NDArray[np.int64]
_Flags = NDArray[np.bool_]


def merge(stream: str, tables: Sequence[pa.Table]) -> _Arrays:
    """The columns of all tables, as `streams.samples` promises them; rows of equal values once."""
    if not tables:
        return empty()
    table = concatenated(tables)
    columns, ordering = _columns(stream, table), _ordering(table)
    order, repeats = _ordered(ordering | columns, list(columns) if ordering else [])
    if order is not None:
        rows = order if repeats is None else order[~repeats]
        columns = {name: values[rows] for name, values in columns.items()}
    return columns


def gather(stream: str, kept: int, tables: Sequence[pa.Table]) -> tuple[pa.Table, list[int]]:
    """One table by time, and how many rows of each table were dropped as copies of an earlier one.

    Tables come in the order of arrival; no row of the first `kept` is dropped. A copy equals its original in
    every stored column, so dropping it is nothing that `merge` could tell.
    """
    table = concatenated(tables)
    order, repeats = _ordered(_ordering(table) | _columns(stream, table), [])
    if order is None:
        return table, [0] * len(tables)
    source = np.repeat(np.arange(len(tables)), [one.num_rows for one in tables])[order]
    dropped = np.zeros(order.size, bool) if repeats is None else repeats & (source >= kept)
    counts: list[int] = np.bincount(source[dropped], minlength=len(tables)).tolist()
    return table.take(pa.array(order[~dropped])), counts


def between(table: pa.Table, start_us: int, end_us: int) -> pa.Table:
    """The rows of an ordered table with start_us <= time < end_us, without a copy."""
    low, high = np.searchsorted(table[TIME].to_numpy(), (start_us, end_us))
    return table.slice(low, high - low)


def by_day(table: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The rows of an ordered table by UTC day, counted from 1970, without a copy."""
    days = table[TIME].to_numpy() // DAY_US
    edges = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), days.size]
    for low, high in zip(edges, edges[1:], strict=False):
        yield int(days[low]), table.slice(low, high - low)


def concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    """All rows; columns that a table lacks are missing values."""
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")


def _columns(stream: str, table: pa.Table) -> _Arrays:
    columns: _Arrays = {TIME: table[TIME].to_numpy()}
    for column in STREAMS[stream].columns:
        columns[column.name] = _array(column, table)
    return columns


def _array(column: Column, table: pa.Table) -> NDArray[Any]:
    textual = column.kind in ("word", "text")
    if column.name not in table.column_names:
        return np.full(table.num_rows, None if textual else np.nan, object if textual else np.float64)
    values = table[column.name]
    if textual:
        return _texts(values)
    whole = column.kind == "int" and not values.null_count
    numbers: NDArray[Any] = (values if whole else values.cast(pa.float64())).to_numpy()
    return numbers


def _ordering(table: pa.Table) -> _Arrays:
    """The columns that only order rows: texts and numbers, missing ones included."""
    found: _Arrays = {}
    for name in ORDERING:
        if name in table.column_names:
            numeric = pa.types.is_integer(table[name].type) or pa.types.is_floating(table[name].type)
            found[name] = table[name].cast(pa.float64()).to_numpy() if numeric else _texts(table[name])
    return found


def _texts(values: pa.ChunkedArray) -> NDArray[Any]:
    if not pa.types.is_dictionary(values.type):  # all missing in the first chunks
        values = values.cast(pa.string()).dictionary_encode()
    whole = values.unify_dictionaries().combine_chunks()
    known = np.array([*whole.dictionary.to_pylist(), None], object)
    texts: NDArray[Any] = known[pc.fill_null(whole.indices, -1).to_numpy()]
    return texts


def _ordered(columns: Mapping[str, NDArray[Any]], told_by: list[str]) -> tuple[_Rows | None, _Flags | None]:
    """The order of all rows, and which rows in that order repeat an earlier one; None: as is, and none.

    Rows of one instant are ordered by all columns. They are equal when those of `told_by` are, or, when it
    names none, all columns.
    """
    times = columns[TIME]
    if np.all(times[1:] > times[:-1]):
        return None, None
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    same = ordered[1:] == ordered[:-1]
    if not same.any():
        return order, None
    tied = np.append(False, same) | np.append(same, False)
    rows = order[tied]
    keys = {TIME: times[rows]} | {name: _sortable(values[rows]) for name, values in columns.items()}
    settled = np.lexsort(list(keys.values())[::-1])
    order[tied] = rows[settled]
    keys = {name: values[settled] for name, values in keys.items() if not told_by or name in told_by}
    repeats = np.zeros(order.size, bool)
    repeats[tied] = _repeats(list(keys.values()), adjacent=not told_by)
    return order, repeats


def _repeats(keys: Sequence[NDArray[np.int64]], *, adjacent: bool) -> _Flags:
    """Which rows equal an earlier one in every key; `adjacent` when equal rows already stand together."""
    at = np.arange(keys[0].size) if adjacent else np.lexsort(keys[::-1])
    differs = np.zeros(at.size - 1, bool)
    for values in keys:
        differs |= np.diff(values[at]) != 0
    repeats = np.zeros(at.size, bool)
    repeats[at[1:]] = ~differs
    return repeats


def _sortable(values: NDArray[Any]) -> NDArray[np.int64]:
    """Whole numbers in the order of the values, the same for the same bits only; missing ones come last."""
    if values.dtype == object:
        # A rank for each word, not an array of words, which takes the room of the longest one for every row.
        ranks = {word: rank for rank, word in enumerate(sorted(set(values) - {None}))}
        return np.fromiter((ranks.get(value, values.size) for value in values), np.int64, values.size)
    if values.dtype != np.float64:
        return values
    bits = np.ascontiguousarray(values).view(np.int64)
    return np.where(bits < 0, bits ^ _FLIP, bits)
