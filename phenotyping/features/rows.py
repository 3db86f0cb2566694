"""Rows of a stream without exact repeats."""

import numpy as np

from phenotyping.streams.samples import TIME, Columns


def distinct(columns: Columns) -> Columns:
    """The rows without exact repeats of an instant and all its values, in the same order.

    A phone that repeats a row did not make a second call or take the same steps twice. Missing values
    (nan, None) equal each other here.
    """
    times = columns[TIME]
    tied = np.flatnonzero(times[1:] == times[:-1])
    if not tied.size:
        return columns
    members = np.union1d(tied, tied + 1)
    rows = zip(*(values[members].tolist() for values in columns.values()), strict=True)
    seen = set()
    keep = np.ones(times.size, np.bool_)
    for position, row in zip(members.tolist(), rows, strict=True):
        key = tuple(None if value != value else value for value in row)  # noqa: PLR0124 (nan is not itself)
        keep[position] = key not in seen
        seen.add(key)
    return {name: values[keep] for name, values in columns.items()}
