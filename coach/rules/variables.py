"""What a rule may read: the registry's variables, and the readings frozen at decision time."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Kind = Literal["number", "flag", "word", "clock"]
Value = float | bool | str


@dataclass(frozen=True)
class Variable:
    """One thing a rule may ask about.

    `low` and `high` are the closed range of a number in `unit`; `words` are the allowed words (empty: any).
    A reading older than `max_age_min` (None: never) or covered less than `min_coverage` counts as unknown.
    `streams` are the streams it is computed from, so that consent can be asked; `label` is a noun phrase a
    participant understands ("steps in the last 30 minutes"), `plural` whether it takes "were".
    """

    name: str
    kind: Kind
    unit: str = ""
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()
    max_age_min: float | None = None
    streams: tuple[str, ...] = ()
    label: str = ""
    plural: bool = False
    min_coverage: float = 0.0

    def admits(self, value: float) -> bool:
        """True when a number lies inside the closed range."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


Registry = Mapping[str, Variable]

# The participant's wall clock is an argument of every evaluation, never a reading.
LOCAL_TIME = Variable("local_time", "clock", label="the time")


@dataclass(frozen=True)
class Reading:
    """One value as it was known at decision time; `coverage` is the observed share of what was expected."""

    value: Value | None
    observed_at_us: int | None
    coverage: float | None = None
    consented: bool = False
    unit: str = ""
    source_version: str = ""

    def to_json(self) -> dict[str, Any]:
        """The plain form that a context snapshot stores."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Reading":
        """The reading a snapshot stored; ValueError when a field is missing or foreign."""
        names = {field.name for field in fields(cls)}
        if set(stored) != names:
            raise ValueError(f"a reading has exactly the fields {sorted(names)}")
        return cls(**stored)
