"""What one column of a stream may hold."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["int", "real", "flag", "word", "text"]


@dataclass(frozen=True)
class Column:
    """One typed column.

    `kind`: "int" (64-bit), "real" (64-bit), "flag" (true/false), "word" (one of `words`), "text" (free,
    at most 256 characters). `low` and `high` are the closed range of plausible values in `unit`.
    """

    name: str
    kind: Kind
    unit: str = ""
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()
    required: bool = True
    about: str = ""
