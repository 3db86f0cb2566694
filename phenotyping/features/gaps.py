"""Gaps: the stretches of which a stream that was agreed to says nothing, each with its most likely cause.

A *steady* stream that sent a row is observed for one period; it has a gap when its next row takes longer than
three periods and a quarter of an hour. Any stream has a gap while the whole phone is silent and while no
consent covers it. One whose own silence means nothing also has one while the app was not allowed to sense it,
and in the span of a chunk that does not open. Each instant of a gap has one cause, the first of

1. `consent_withdrawn`: no consent covers it;
2. `unreadable`: there are rows, in a chunk that does not open;
3. `phone_off`: a shutdown row began the silence, or a boot ended it (a reboot row, `started_by` boot, or an
   uptime shorter than the silence), or the battery was next to empty;
4. `app_killed`: nothing came for 75 minutes, a heartbeat at least, and the phone was heard of again;
   `upload_stalled` instead, where heartbeats say that rows of then still wait on the phone (backlog.py);
5. `silent`: the same, and within reach it was not heard of again: later days tell;
6. `permission_lost`: the heartbeats around it say that the app may not sense it;
7. `upload_stalled`: the phone was alive, and rows of then still wait on it;
8. `not_worn`: it comes from a wearable, and the phone was alive;
9. `unknown`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.backlog import waiting
from phenotyping.features.coverage import Instants, merged
from phenotyping.features.spans import Span, common, length, union, without
from phenotyping.features.window import US_PER_H, US_PER_MIN
from phenotyping.streams.catalogue import STREAMS, Stream
from phenotyping.streams.samples import TIME, Columns, between, empty

Cause = Literal[
    "consent_withdrawn",
    "unreadable",
    "phone_off",
    "app_killed",
    "silent",
    "permission_lost",
    "upload_stalled",  # also what a reader makes of `silent` as long as nobody knows better
    "not_worn",
    "unknown",
]

LEAST_US = US_PER_H // 4
SILENT_US = 5 * US_PER_H // 4  # a living phone sends a heartbeat each hour
PERIODS = 3
AROUND_US = 5 * US_PER_MIN  # other rows may come just after a shutdown or just before a boot is noted
EMPTY_LEVEL = 5.0


@dataclass(frozen=True)
class Gap:
    """A stretch [start_us, end_us) without data of one stream."""

    stream: str
    start_us: int
    end_us: int
    cause: Cause


@dataclass(frozen=True)
class Expected:
    """A stream that is to come: since when, how often, and the spans of event time that consent covers."""

    stream: str
    begins_us: int
    period_s: float
    consent: Sequence[Span]

    @property
    def vouches(self) -> bool:
        """Whether a living phone would be heard of by this stream."""
        return STREAMS[self.stream].steady and not STREAMS[self.stream].worn


@dataclass(frozen=True)
class Evidence:
    """What is known of a phone in the reach [start_us, end_us).

    `samples`: the rows of the streams that may be looked at; one without a key is not judged by its rows.
    `unreadable`: by stream, the spans of chunks that do not open.
    """

    start_us: int
    end_us: int
    samples: Mapping[str, Columns]
    unreadable: Mapping[str, Sequence[Span]]

    def rows(self, stream: str) -> Columns:
        """Its rows within reach; only an empty `time` when there are none."""
        return between(self.samples.get(stream, empty()), self.start_us, self.end_us)

    def column(self, stream: str, name: str) -> tuple[Instants, NDArray[Any]]:
        """Instants and values of one column; none when the stream or the column is missing."""
        rows = self.rows(stream)
        return (rows[TIME], rows[name]) if name in rows else (empty()[TIME], np.empty(0))

    def pauses(self, times: Instants) -> tuple[Instants, Instants]:
        """Where each stretch without these instants begins and ends, the edges of the reach included."""
        marks = np.concatenate(([self.start_us], times, [self.end_us]))
        return marks[:-1], marks[1:]


def find(expected: Sequence[Expected], evidence: Evidence, start_us: int, end_us: int) -> list[Gap]:
    """The gaps in [start_us, end_us) by stream and time; those of one stream are apart."""
    vouched = [
        span for one in expected if one.vouches and one.stream in evidence.samples for span in one.consent
    ]
    silences = {cause: common(spans, vouched) for cause, spans in _silences(evidence).items()}
    stalled = _waiting(evidence)
    silences["upload_stalled"] = common(silences["app_killed"], stalled)
    silences["app_killed"] = without(silences["app_killed"], stalled)
    found = []
    for one in expected:
        for cause, spans in _of_stream(one, evidence, silences, stalled):
            inside = common(spans, [(max(start_us, one.begins_us), end_us)])
            found += [Gap(one.stream, start, end, cause) for start, end in inside]
    return sorted(found, key=lambda gap: (gap.stream, gap.start_us))


def lost_minutes(gaps: Iterable[Gap]) -> dict[Cause, float]:
    """By cause, the minutes in which at least one stream had a gap because of it."""
    spans: dict[Cause, list[Span]] = {}
    for gap in gaps:
        spans.setdefault(gap.cause, []).append((gap.start_us, gap.end_us))
    return {cause: length(found) / US_PER_MIN for cause, found in sorted(spans.items())}


def _of_stream(
    one: Expected, evidence: Evidence, silences: Mapping[Cause, Sequence[Span]], stalled: Sequence[Span]
) -> Iterator[tuple[Cause, list[Span]]]:
    stream = STREAMS[one.stream]
    uncovered = without([(evidence.start_us, evidence.end_us)], one.consent)
    unreadable = evidence.unreadable.get(one.stream, ())
    forbidden = _forbidden(stream, evidence)
    whole = [span for spans in silences.values() for span in spans]
    if stream.steady and one.stream in evidence.samples:
        own = _own_silence(evidence, one)
    else:
        own = [*unreadable, *forbidden]
    missing = union([*uncovered, *whole, *own])
    layers: list[tuple[Cause, Sequence[Span]]] = [
        ("consent_withdrawn", uncovered),
        ("unreadable", unreadable),
        *silences.items(),
        ("permission_lost", forbidden),
    ]
    waits: list[Span] = []
    for cause, spans in (*layers, ("upload_stalled", stalled)):
        if cause == "upload_stalled":  # while the whole phone was silent, then this stream alone
            waits += common(missing, spans)
        else:
            yield cause, common(missing, spans)
        missing = without(missing, spans)
    yield "upload_stalled", union(waits)
    yield "not_worn" if stream.worn else "unknown", missing


def _own_silence(evidence: Evidence, one: Expected) -> list[Span]:
    """From one period after a row to the next row, where that comes later than can be waited for."""
    times = evidence.rows(one.stream)[TIME]
    starts, ends = evidence.pauses(times)
    period_us = round(one.period_s * 1e6)
    long = ends - starts > max(PERIODS * period_us, LEAST_US)
    held = np.full(starts.size, period_us)
    held[0] = 0  # the edge of the reach is no row
    return list(zip((starts + held)[long].tolist(), ends[long].tolist(), strict=True))


def _forbidden(stream: Stream, evidence: Evidence) -> list[Span]:
    """While heartbeats say that the app may not sense it; for a steady stream since it was last allowed."""
    times, flags = evidence.column("device_health", stream.permission)
    known = ~np.isnan(flags.astype(np.float64))
    times, flags = times[known], flags[known]
    before, after = evidence.pauses(times)
    since = before[:-1] if stream.steady else times
    no = flags == 0
    return union(zip(since[no].tolist(), after[1:][no].tolist(), strict=True))


def _waiting(evidence: Evidence) -> list[Span]:
    times, unsent = evidence.column("device_health", "n_unsent")
    _, settled = evidence.column("device_health", "n_sent")
    since_us = waiting(times, unsent, settled, evidence.start_us)
    return [] if since_us is None else [(since_us, evidence.end_us)]


def _silences(evidence: Evidence) -> dict[Cause, list[Span]]:
    """The stretches in which nothing at all came from the phone, by cause, in order of precedence."""
    found: dict[Cause, list[Span]] = {"phone_off": [], "app_killed": [], "silent": []}
    starts, ends = evidence.pauses(merged(evidence.rows(name)[TIME] for name in evidence.samples))
    long = ends - starts > LEAST_US
    for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
        if _was_off(start, end, evidence):
            found["phone_off"].append((start, end))
        elif end - start > SILENT_US:
            found["silent" if end == evidence.end_us else "app_killed"].append((start, end))
    return found


def _was_off(start: int, end: int, evidence: Evidence) -> bool:
    return (
        _noted("shutdown", start - AROUND_US, start, evidence)
        or _noted("reboot", end, end + AROUND_US, evidence)
        or _booted(start, end, evidence)
        or (end - start > SILENT_US and _ran_empty(start, evidence))
    )


def _noted(status: str, first: int, last: int, evidence: Evidence) -> bool:
    """Whether a battery row in [first, last] has this status."""
    times, words = evidence.column("battery", "status")
    return bool(np.any((times >= first) & (times <= last) & (words == status)))


def _booted(start: int, end: int, evidence: Evidence) -> bool:
    """Whether the first heartbeat after a silence says that the phone was started in it."""
    times = evidence.rows("device_health")[TIME]
    at = int(np.searchsorted(times, end))
    if at == times.size or times[at] - end > SILENT_US:
        return False
    _, started_by = evidence.column("device_health", "started_by")
    _, uptime_s = evidence.column("device_health", "uptime_s")
    by_boot = started_by.size and started_by[at] == "boot"
    booted = times[at] - uptime_s[at] * 1e6 if uptime_s.size else np.nan
    return bool(by_boot or start < booted <= end + AROUND_US)


def _ran_empty(start: int, evidence: Evidence) -> bool:
    """Whether the last battery row before a silence has next to no charge left, and no charger."""
    times, level = evidence.column("battery", "level")
    _, status = evidence.column("battery", "status")
    at = int(np.searchsorted(times, start, side="right")) - 1
    if at < 0 or start - times[at] > SILENT_US:
        return False
    return bool(level[at] <= EMPTY_LEVEL and status[at] not in ("charging", "full"))
