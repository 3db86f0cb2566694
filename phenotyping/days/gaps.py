"""Gaps of a person's days: stored with each day, and read with what later days tell of a silence.

What is stored depends only on data in the day's reach, so that late data give what data in order give.
Whether a silence has ended by now, and how, is for the reader to find out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from phenotyping.days.models import Day
from phenotyping.days.stale import LOOKS_AHEAD, LOOKS_BACK
from phenotyping.features.gaps import SILENT_US, Cause, Evidence, Expected, Gap, find, lost_minutes
from phenotyping.features.spans import Span
from phenotyping.intake.models import Chunk
from phenotyping.streams.catalogue import STREAMS
from phenotyping.streams.samples import Columns, empty
from wellness.consent import gate
from wellness.consent.purposes import STORE
from wellness.consent.windows import Window
from wellness.lib.clock import LocalDay, to_us
from wellness.studies import keys
from wellness.studies.models import Enrollment, Protocol
from wellness.studies.protocol import rates

JUDGED = frozenset(name for name, stream in STREAMS.items() if stream.steady)  # by rows of their own
WHOLE_PHONE = ("phone_off", "app_killed", "silent")
LAST_MOMENT = timedelta(microseconds=1)
FOREVER_US = 2**62


@dataclass(frozen=True)
class Expectations:
    """What a person's phone was to send: the protocol's versions, and the periods that consent covers."""

    enrollment: Enrollment
    protocols: Sequence[Protocol]
    windows: Mapping[str, Sequence[Window]]

    @classmethod
    def of(cls, enrollment: Enrollment) -> Expectations:
        """Those of one person, in two queries."""
        protocols = list(Protocol.objects.filter(study=enrollment.study_id).order_by("version"))
        return cls(enrollment, protocols, gate.periods(enrollment, STORE, STREAMS))

    def until(self, end: datetime) -> list[Expected]:
        """The streams agreed to at some time, under the last protocol published before `end`."""
        bodies = [one.body for one in self.protocols if one.published_at < end]
        asked = rates(bodies[-1]) if bodies else {}
        started_at = self.enrollment.started_at or self.enrollment.created_at
        return [
            Expected(name, to_us(max(started_at, windows[0][0])), period_s, [_span(one) for one in windows])
            for name, period_s in asked.items()
            if (windows := self.windows[name])
        ]


def of_day(day: Day, samples: Mapping[str, Columns], permitted: Collection[str]) -> list[Gap]:
    """The gaps of a day; of streams that may not be looked at now only those that consent leaves."""
    start, end = day.starts_at - LOOKS_BACK, day.ends_at + LOOKS_AHEAD
    evidence = Evidence(to_us(start), to_us(end), samples, _unreadable(day.enrollment, permitted, start, end))
    expected = Expectations.of(day.enrollment).until(day.ends_at)
    found = find(expected, evidence, to_us(day.starts_at), to_us(day.ends_at))
    return [gap for gap in found if gap.stream in permitted or gap.cause == "consent_withdrawn"]


def stored(person: Enrollment, day: Day, gaps: Iterable[Gap]) -> dict[str, Any]:
    """The fields of a day that hold its gaps: which and when sealed, how many minutes in clear."""
    gaps = list(gaps)
    start_us = to_us(day.starts_at)
    began = [gap.cause for gap in gaps if gap.start_us == start_us and _of_phone(gap)]
    plain = [[gap.stream, gap.start_us, gap.end_us, gap.cause] for gap in gaps]
    return {
        "sealed_gaps": keys.seal_json(person, _context(day), plain),
        "lost_min": lost_minutes(gaps),
        "silence": began[0] if began else "",
    }


def gaps(
    enrollment: Enrollment,
    streams: Iterable[str],
    start: datetime,
    end: datetime,
    *,
    purpose: str | None,
    now: datetime,
) -> list[Gap]:
    """The gaps in [start, end) up to now, by stream and time, of the streams that may be used for a purpose.

    A purpose of None is the person's own reading. There is no gap before the first day with data.
    """
    wanted = frozenset(streams)
    visible = wanted if purpose is None else gate.permitted(enrollment, purpose, wanted, at=now).keys()
    first = Day.objects.computed().filter(enrollment=enrollment).first()
    until = min(end, now, enrollment.ended_at or now)
    if first is None or until <= max(start, first.starts_at):
        return []
    found = _days(enrollment, max(start, first.starts_at), until)
    inside = (_clipped(gap, to_us(start), to_us(until)) for gap in found if gap.stream in visible)
    known = (gap for gap in inside if gap.start_us < gap.end_us and not _may_yet_end(gap, to_us(now)))
    return sorted(known, key=lambda gap: (gap.stream, gap.start_us))


def ended(silence: str, later: Cause) -> Cause:
    """The cause of a silence that a day began in: how it ended, or `later` when the day does not tell."""
    if silence == "silent":
        return later
    if silence == "upload_stalled":
        return "upload_stalled"
    return "phone_off" if silence == "phone_off" else "app_killed"


def _days(enrollment: Enrollment, start: datetime, until: datetime) -> Iterator[Gap]:
    """The gaps of all days that [start, until) touches, the last day first, silences explained."""
    expectations = Expectations.of(enrollment)
    days = enrollment.zones().days(start, until)
    computed = Day.objects.computed().filter(enrollment=enrollment)
    rows = {row.on: row for row in computed.filter(on__range=(days[0].on, days[-1].on))}
    later = computed.filter(on__gt=days[-1].on).exclude(silence="silent").first()
    cause: Cause = ended(later.silence, "unknown") if later else "upload_stalled"
    for day in reversed(days):
        row = rows.get(day.on)
        for gap in _opened(enrollment, row) if row else _unheard(expectations, day):
            yield replace(gap, cause=cause) if gap.cause == "silent" else gap
        cause = ended(row.silence, cause) if row else cause


def _opened(enrollment: Enrollment, day: Day) -> list[Gap]:
    if day.sealed_gaps is None:
        return []
    return [Gap(*row) for row in keys.unseal_json(enrollment, _context(day), bytes(day.sealed_gaps))]


def _unheard(expectations: Expectations, day: LocalDay) -> list[Gap]:
    """The gaps of a day of which nothing came."""
    start_us, end_us = to_us(day.starts_at), to_us(day.ends_at)
    nothing = Evidence(start_us, end_us, {name: empty() for name in STREAMS}, {})
    return find(expectations.until(day.ends_at), nothing, start_us, end_us)


def _unreadable(
    enrollment: Enrollment, streams: Iterable[str], start: datetime, end: datetime
) -> dict[str, list[Span]]:
    broken = Chunk.objects.in_quarantine().spanning(enrollment, list(streams), start, end)
    found: dict[str, list[Span]] = {}
    for stream, first_at, last_at in broken.values_list("stream", "first_at", "last_at"):
        found.setdefault(stream, []).append((to_us(first_at), to_us(last_at + LAST_MOMENT)))
    return found


def _of_phone(gap: Gap) -> bool:
    """Whether nothing at all came: a heartbeat, which leaves first, waits only when all waits."""
    return gap.cause in WHOLE_PHONE or (gap.stream, gap.cause) == ("device_health", "upload_stalled")


def _clipped(gap: Gap, start_us: int, end_us: int) -> Gap:
    return replace(gap, start_us=max(gap.start_us, start_us), end_us=min(gap.end_us, end_us))


def _may_yet_end(gap: Gap, now_us: int) -> bool:
    """A silence that just began is nothing to explain yet."""
    return gap.cause == "upload_stalled" and now_us - gap.start_us <= SILENT_US


def _span(window: Window) -> Span:
    since, until = window
    return to_us(since), FOREVER_US if until is None else to_us(until)


def _context(day: Day) -> str:
    return f"day|{day.on}|gaps"
