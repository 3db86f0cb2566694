"""What a gateway makes of a piece of an export."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa


class NotImportable(Exception):
    """An export, or a table of it, that cannot be taken without guessing; says why."""


@dataclass(frozen=True)
class Converted:
    """Rows by stream (`time` in epoch milliseconds), whose they are, and what was left out of them."""

    parts: tuple[tuple[str, pa.Table], ...] = ()
    people: frozenset[str] = frozenset()
    left_out: Counter[str] = field(default_factory=Counter)
    unknown_columns: Counter[str] = field(default_factory=Counter)
