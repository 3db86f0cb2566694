"""Reading samples back: columns of any streams for an interval, as if they had come at once and in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from phenotyping.intake import chunks
from phenotyping.intake.models import Chunk
from phenotyping.streams.catalogue import STREAMS
from phenotyping.streams.columns import Column
from phenotyping.streams.samples import TIME, Columns, empty
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment


def read(
    enrollment: Enrollment, streams: Iterable[str], start: datetime, end: datetime
) -> dict[str, Columns]:
    """The samples with start <= time < end of each stream, by time, rows that are equal throughout once.

    Every requested stream has a key. One with samples has all columns of the catalogue; which upload brought
    a row, and when, changes nothing: rows of one instant are ordered by their values.
    """
    wanted = list(dict.fromkeys(streams))
    found: defaultdict[str, list[pa.Table]] = defaultdict(list)
    for chunk in Chunk.objects.overlapping(enrollment, wanted, start, end).order_by("first_at", "pk"):
        table = _between(chunks.load(enrollment, chunk), to_us(start), to_us(end))
        if table.num_rows:
            found[chunk.stream].append(table)
    return {stream: _merged(stream, found[stream]) for stream in wanted}


def _between(table: pa.Table, start_us: int, end_us: int) -> pa.Table:
    low, high = np.searchsorted(table[TIME].to_numpy(), (start_us, end_us))
    return table.slice(low, high - low)


def _merged(stream: str, tables: Sequence[pa.Table]) -> dict[str, NDArray[Any]]:
    if not tables:
        return empty()
    table = pa.concat_tables(tables, promote_options="default")
    columns: dict[str, NDArray[Any]] = {TIME: table[TIME].to_numpy()}
    for column in STREAMS[stream].columns:
        columns[column.name] = _array(column, table)
    order = _order(columns)
    return columns if order is None else {name: values[order] for name, values in columns.items()}


def _array(column: Column, table: pa.Table) -> NDArray[Any]:
    """One column in the types that `streams.samples` promises."""
    textual = column.kind in ("word", "text")
    if column.name not in table.column_names:
        return np.full(table.num_rows, None if textual else np.nan, object if textual else np.float64)
    values = table[column.name]
    if textual:
        return _texts(values)
    whole = column.kind == "int" and not values.null_count
    numbers: NDArray[Any] = (values if whole else values.cast(pa.float64())).to_numpy()
    return numbers


def _texts(values: pa.ChunkedArray) -> NDArray[Any]:
    if not pa.types.is_dictionary(values.type):  # all missing in the first chunks
        values = values.cast(pa.string()).dictionary_encode()
    whole = values.unify_dictionaries().combine_chunks()
    known = np.array([*whole.dictionary.to_pylist(), None], object)
    texts: NDArray[Any] = known[pc.fill_null(whole.indices, -1).to_numpy()]
    return texts


def _order(columns: Columns) -> NDArray[np.int64] | None:
    """The rows to take, or None when all are in order and no two of one instant need telling apart."""
    times = columns[TIME]
    steps = np.diff(times)
    if np.all(steps > 0):
        return None
    order = np.argsort(times, kind="stable")
    same = np.diff(times[order]) == 0
    if not same.any():
        return order
    tied = np.append(False, same) | np.append(same, False)
    order[tied], repeated = _settled(columns, order[tied])
    return order[~_at(tied, repeated)]


def _settled(columns: Columns, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Rows that share instants, ordered by all their values, and which of them repeat the row before."""
    ranks = [_ranks(values[rows]) for values in columns.values()]
    by_value = np.lexsort(ranks[::-1])
    differs = np.zeros(rows.size - 1, bool)
    for rank in ranks:
        differs |= np.diff(rank[by_value]) != 0
    return rows[by_value], np.append(False, ~differs)


def _ranks(values: NDArray[Any]) -> NDArray[np.int64]:
    """Each value's place among the distinct ones; missing values are equal to each other."""
    if values.dtype == object:
        values = np.array(["" if value is None else value for value in values])  # no stored text is empty
    return np.unique(values, return_inverse=True)[1]


def _at(where: NDArray[np.bool_], flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    placed = np.zeros(where.size, bool)
    placed[where] = flags
    return placed
