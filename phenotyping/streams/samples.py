"""Samples: columns of one stream in memory, as every room passes them on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""Arrays of equal length by column name.

`time` is int64 microseconds since 1970-01-01 UTC, ascending. "int" columns are int64 (float64 with nan when
they have missing values), "real" float64 with nan for missing, "flag" float64 0/1 with nan for missing,
"word" and "text" object arrays of str with None for missing.
"""

TIME = "time"


def empty() -> dict[str, NDArray[Any]]:
    """No samples: only an empty `time`. Readers must test `time.size` before they take other columns."""
    return {TIME: np.empty(0, np.int64)}


def between(columns: Columns, start_us: int, end_us: int) -> dict[str, NDArray[Any]]:
    """The samples with start_us <= time < end_us, as views on the same memory."""
    low, high = np.searchsorted(columns[TIME], (start_us, end_us))
    return {name: values[low:high] for name, values in columns.items()}
