"""Instants and local days. Every instant is aware; a local day is 23, 24 or 25 hours long."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MICROSECONDS = 1_000_000


def utc_now() -> datetime:
    """The current instant, in UTC; only edges (views, tasks, commands) call it."""
    return datetime.now(UTC)


def to_us(at: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware instant."""
    if at.tzinfo is None:
        raise ValueError("a naive time has no instant")
    delta = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * MICROSECONDS + delta.microseconds


def from_us(us: int) -> datetime:
    """The aware UTC instant `us` microseconds after 1970-01-01."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def at_local(on: date, wall: time, zone: str) -> datetime:
    """The UTC instant of a wall time; the first of two when the clock goes back, shifted on when it skips."""
    return datetime.combine(on, wall, ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True)
class LocalDay:
    """One local date of one person: half-open [starts_at, ends_at) in UTC."""

    on: date
    zone: str
    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self) -> float:
        """Real elapsed minutes: 1380, 1440 or 1500, or other when the person changed zones."""
        return (self.ends_at - self.starts_at).total_seconds() / 60


@dataclass(frozen=True)
class ZoneHistory:
    """The time zones a person lived in, each from an instant on; the first one holds before it too."""

    starts: tuple[datetime, ...]
    zones: tuple[str, ...]

    @classmethod
    def of(cls, changes: Sequence[tuple[datetime, str]]) -> "ZoneHistory":
        """A history from (from_at, IANA zone) pairs in any order; ValueError when there is none."""
        if not changes:
            raise ValueError("a person has at least one time zone")
        ordered = sorted(changes)
        return cls(tuple(at for at, _ in ordered), tuple(zone for _, zone in ordered))

    def at(self, instant: datetime) -> str:
        """The IANA zone in force at an instant."""
        return self.zones[max(bisect_right(self.starts, instant) - 1, 0)]

    def local_date(self, instant: datetime) -> date:
        """The local day an instant belongs to; flying west never takes a person back to an earlier day."""
        at = bisect_right(self.starts, instant) - 1
        ends = [
            (self.starts[i + 1] - timedelta(microseconds=1)).astimezone(ZoneInfo(self.zones[i])).date()
            for i in range(at)
        ]
        return max([*ends, instant.astimezone(ZoneInfo(self.at(instant))).date()])

    def day(self, on: date) -> LocalDay:
        """The local day `on`: from its first to its last instant under the zones in force then.

        Days tile time: each ends where the next starts, so a flight makes a day shorter or longer and
        no instant belongs to two days. A date skipped by crossing the date line has zero length.
        """
        starts_at, ends_at = self._starts(on), self._starts(on + timedelta(days=1))
        return LocalDay(on, self.at(starts_at), starts_at, max(starts_at, ends_at))

    def _starts(self, on: date) -> datetime:
        """The first instant whose local date is `on` or later."""
        for index, zone in enumerate(self.zones):
            starts_at = at_local(on, time(0), zone)
            if index:
                starts_at = max(starts_at, self.starts[index])
            if index + 1 == len(self.zones) or starts_at < self.starts[index + 1]:
                return starts_at
        raise AssertionError("the last zone holds for ever")

    def days(self, start: datetime, end: datetime) -> list[LocalDay]:
        """Every local day that [start, end) touches, in order."""
        on, last = self.local_date(start), self.local_date(max(start, end - timedelta(microseconds=1)))
        found = []
        while on <= last:
            day = self.day(on)
            if day.ends_at > day.starts_at:
                found.append(day)
            on += timedelta(days=1)
        return found
