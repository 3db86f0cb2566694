"""The window a value belongs to, and the value with its coverage."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from wellness.lib.clock import LocalDay, at_local, from_us, to_us

PAD_BEFORE_H = 12
PAD_AFTER_H = 6
US_PER_MIN = 60_000_000
US_PER_H = 60 * US_PER_MIN

Reason = Literal["no_data", "low_coverage", "undefined"]


@dataclass(frozen=True)
class DayWindow:
    """One local day, half-open [start_us, end_us): 23, 24 or 25 hours, or other on days of travel."""

    on: date
    zone: str
    start_us: int
    end_us: int

    @classmethod
    def of(cls, day: LocalDay) -> "DayWindow":
        """The window of a local day."""
        return cls(day.on, day.zone, to_us(day.starts_at), to_us(day.ends_at))

    @property
    def minutes(self) -> float:
        """Real elapsed minutes."""
        return (self.end_us - self.start_us) / US_PER_MIN

    @property
    def padded(self) -> tuple[int, int]:
        """The interval of samples that values of this window may depend on, in microseconds."""
        return self.start_us - PAD_BEFORE_H * US_PER_H, self.end_us + PAD_AFTER_H * US_PER_H

    def instant_us(self, hour: int, *, days: int = 0) -> int:
        """The instant of a full wall-clock hour, `days` after this date."""
        return to_us(at_local(self.on + timedelta(days=days), time(hour), self.zone))

    def wall_min(self, us: int) -> float:
        """Wall-clock minutes of an instant after midnight of this date; negative before it."""
        wall = from_us(us).astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        return (wall - datetime.combine(self.on, time(0))).total_seconds() / 60


@dataclass(frozen=True)
class Measured:
    """A value, or the reason why there is none, with the minutes observed and expected."""

    value: float | None
    observed_min: float
    expected_min: float
    reason: Reason | None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a value has no reason, and a missing value has one")

    @property
    def yield_ratio(self) -> float:
        """Observed share of the expected minutes; 0 when none were expected."""
        return self.observed_min / self.expected_min if self.expected_min else 0.0
