"""Why a stream says nothing: worked examples, and what holds for any rows."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phenotyping.features.gaps import LEAST_US, SILENT_US, Evidence, Expected, Gap, find, lost_minutes
from phenotyping.features.spans import common, length, union, without
from phenotyping.streams.catalogue import STREAMS
from tests.phenotyping.features.gapped import (
    ALWAYS,
    BEFORE,
    DAY,
    EXPECTED,
    REACH,
    STREAM,
    M,
    alive,
    explained,
    rows,
)


@pytest.mark.parametrize("stream", STREAM)
def test_a_phone_that_sends_all_has_no_gaps(stream: str) -> None:
    assert explained(alive(), stream) == []


def test_a_silence_that_a_heartbeat_ends_means_that_the_app_was_stopped() -> None:
    samples = alive((600, 720))
    assert explained(samples, "screen") == [(600, 720, "app_killed")]
    assert explained(samples, "gps") == [(600, 720, "app_killed")]


def test_a_shutdown_row_means_off_even_for_a_short_while() -> None:
    samples = alive((600, 630))
    assert explained(samples, "screen") == []
    samples["battery"]["status"][samples["battery"]["time"] == 600 * M] = "shutdown"
    assert explained(samples, "screen") == [(600, 630, "phone_off")]


def test_a_reboot_row_means_off() -> None:
    samples = alive((600, 720))
    samples["battery"]["status"][samples["battery"]["time"] == 720 * M] = "reboot"
    assert explained(samples, "gps") == [(600, 720, "phone_off")]


@pytest.mark.parametrize(("uptime_min", "cause"), [(5, "phone_off"), (119, "phone_off"), (121, "app_killed")])
def test_uptime_tells_off_from_stopped(uptime_min: float, cause: str) -> None:
    samples = alive((600, 720))
    samples["device_health"]["uptime_s"] = np.full(samples["device_health"]["time"].size, uptime_min * 60.0)
    assert explained(samples) == [(600, 720, cause)]


def test_started_by_boot_means_off() -> None:
    samples = alive((600, 720))
    started = np.full(samples["device_health"]["time"].size, None, object)
    started[samples["device_health"]["time"] == 720 * M] = "boot"
    samples["device_health"]["started_by"] = started
    assert explained(samples) == [(600, 720, "phone_off")]


@pytest.mark.parametrize(
    ("level", "status", "cause"),
    [(3, "discharging", "phone_off"), (3, "charging", "app_killed"), (40, "discharging", "app_killed")],
)
def test_an_empty_battery_means_off(level: float, status: str, cause: str) -> None:
    samples = alive((600, 720))
    at = samples["battery"]["time"] == 600 * M
    samples["battery"]["level"][at], samples["battery"]["status"][at] = level, status
    assert explained(samples) == [(600, 720, cause)]


def test_a_silence_without_an_end_in_reach_stays_open() -> None:
    assert explained(alive((600, 9_999)), "screen") == [(600, 1_440, "silent")]
    assert explained({name: rows([]) for name in STREAM}, "gps") == [(0, 1_440, "silent")]


def test_lost_permission_explains_from_the_last_heartbeat_that_had_it() -> None:
    samples = alive()
    samples["gps"] = rows([*range(-720, 605, 10), *range(725, 1_800, 10)])
    times = samples["device_health"]["time"]
    samples["device_health"]["location_permitted"] = np.where((times > 600 * M) & (times < 720 * M), 0.0, 1.0)
    assert explained(samples) == [(610, 720, "permission_lost"), (720, 725, "unknown")]


def test_an_event_stream_without_permission_is_missing_although_nothing_shows_it() -> None:
    samples = alive()
    times = samples["device_health"]["time"]
    samples["device_health"]["calls_permitted"] = np.where(times >= 600 * M, 0.0, 1.0)
    samples["calls"] = rows([100])
    expected = [*EXPECTED, Expected("calls", BEFORE, 0.0, ALWAYS)]
    assert explained(samples, "calls", expected=expected) == [(600, 1_440, "permission_lost")]


def test_a_silent_wearable_on_a_living_phone_is_not_worn() -> None:
    samples = alive()
    samples["heart_rate"] = rows([*range(-720, 600, 5), *range(900, 1_800, 5)])
    assert explained(samples, "heart_rate") == [(600, 900, "not_worn")]


def test_silence_of_one_stream_that_nothing_explains_is_unknown() -> None:
    samples = alive()
    samples["gps"] = rows([*range(-720, 600, 10), *range(900, 1_800, 10)])
    assert explained(samples) == [(600, 900, "unknown")]
    samples["gps"] = rows([*range(-720, 600, 10), *range(620, 1_800, 10)])
    assert explained(samples) == []  # three periods are waited for


def test_withdrawn_consent_comes_before_everything() -> None:
    withdrawn = [replace(one, consent=((-(10**15), 660 * M),)) for one in EXPECTED]
    assert explained(alive((600, 9_999)), "gps", expected=withdrawn) == [
        (600, 660, "silent"),
        (660, 1_440, "consent_withdrawn"),
    ]


def test_a_chunk_that_does_not_open_explains_the_span_it_holds() -> None:
    samples = alive()
    samples["gps"] = rows([*range(-720, 600, 10), *range(900, 1_800, 10)])
    broken = {"gps": [(600 * M, 890 * M)], "screen": [(600 * M, 890 * M)]}
    assert explained(samples, "gps", unreadable=broken) == [(600, 890, "unreadable"), (890, 900, "unknown")]
    assert explained(samples, "screen", unreadable=broken) == [(600, 890, "unreadable")]


def test_before_a_stream_is_expected_nothing_is_missing() -> None:
    joined = [replace(one, begins_us=650 * M) for one in EXPECTED]
    assert explained(alive((600, 720)), "gps", expected=joined) == [(650, 720, "app_killed")]


def test_silence_means_nothing_where_no_living_phone_would_be_heard_of() -> None:
    only = [one for one in EXPECTED if one.stream == "screen"]
    assert explained({"screen": rows([0, 700])}, "screen", expected=only) == []


def test_lost_minutes_count_several_streams_once() -> None:
    gaps = [
        Gap("gps", 0, 60 * M, "phone_off"),
        Gap("screen", 30 * M, 90 * M, "phone_off"),
        Gap("heart_rate", 90 * M, 100 * M, "not_worn"),
    ]
    assert lost_minutes(gaps) == {"not_worn": 10.0, "phone_off": 90.0}


MINUTES = st.lists(st.integers(-720, 1_799), max_size=25, unique=True)
SPANS = st.lists(st.tuples(st.integers(-100, 1_500), st.integers(1, 600)), max_size=2)
FLAGS = st.sampled_from([0.0, 1.0, np.nan])


@st.composite
def phones(draw: st.DrawFn) -> tuple[list[Expected], Evidence]:
    """Any rows at any minutes, any consent, any chunks that do not open."""

    def spans() -> list[tuple[int, int]]:
        return [(start * M, (start + n) * M) for start, n in draw(SPANS)]

    beats = sorted(draw(MINUTES))
    samples = {name: rows(draw(MINUTES)) for name in ("gps", "heart_rate", "screen")}
    levels = draw(MINUTES)
    words = st.sampled_from(["discharging", "charging", "shutdown", "reboot"])
    samples["battery"] = rows(
        levels, level=[draw(st.integers(0, 100)) for _ in levels], status=[draw(words) for _ in levels]
    )
    samples["device_health"] = rows(
        beats,
        location_permitted=[draw(FLAGS) for _ in beats],
        uptime_s=[draw(st.integers(0, 90_000)) for _ in beats],
    )
    kept = draw(st.sets(st.sampled_from(sorted(samples)), min_size=1))
    expected = [replace(one, consent=spans() if draw(st.booleans()) else ALWAYS) for one in EXPECTED]
    return expected, Evidence(BEFORE, REACH, {name: samples[name] for name in sorted(kept)}, {"gps": spans()})


def _missing(one: Expected, expected: list[Expected], evidence: Evidence, minute: int) -> bool | None:
    """Whether a minute of the day must be in a gap (True), must not (False), or other rules decide (None)."""
    at = minute * M + M // 2

    def within(spans: Iterable[tuple[int, int]]) -> bool:
        return any(start <= at < end for start, end in spans)

    def pause(times: np.ndarray) -> tuple[int, int]:
        edges = [BEFORE, *times.tolist(), REACH]
        return next((a, b) for a, b in zip(edges, edges[1:], strict=False) if a <= at < b)

    if not within(one.consent):
        return True
    everything = np.sort(np.concatenate([columns["time"] for columns in evidence.samples.values()]))
    vouched = any(
        other.vouches and other.stream in evidence.samples and within(other.consent) for other in expected
    )
    start, end = pause(everything)
    if vouched and end - start > SILENT_US:
        return True
    if STREAMS[one.stream].steady and one.stream in evidence.samples:
        start, end = pause(evidence.samples[one.stream]["time"])
        held = (
            0
            if start == BEFORE and BEFORE not in evidence.samples[one.stream]["time"]
            else one.period_s * 1e6
        )
        if end - start > max(3 * one.period_s * 1e6, LEAST_US) and at >= start + held:
            return True
        return None if vouched else False
    return (
        None if vouched or within(evidence.unreadable.get(one.stream, ())) or one.stream == "gps" else False
    )


@settings(max_examples=60, deadline=None)
@given(phones())
def test_gaps_are_apart_and_cover_what_is_missing(phone: tuple[list[Expected], Evidence]) -> None:
    expected, evidence = phone
    gaps = find(expected, evidence, 0, DAY)
    for one in expected:
        spans = [(gap.start_us, gap.end_us) for gap in gaps if gap.stream == one.stream]
        assert all(0 <= start < end <= DAY for start, end in spans)
        assert length(spans) == sum(end - start for start, end in spans)
        for minute in range(3, 1_440, 53):
            must = _missing(one, expected, evidence, minute)
            found = any(start <= minute * M + M // 2 < end for start, end in spans)
            assert must is None or found == must


@settings(max_examples=40, deadline=None)
@given(phones(), st.integers(1, 1_439))
def test_a_day_cut_in_two_has_the_same_gaps(phone: tuple[list[Expected], Evidence], cut: int) -> None:
    expected, evidence = phone

    def covered(gaps: list[Gap]) -> dict[tuple[str, str], list[tuple[int, int]]]:
        found: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for gap in gaps:
            found.setdefault((gap.stream, gap.cause), []).append((gap.start_us, gap.end_us))
        return {key: union(spans) for key, spans in found.items()}

    halves = [*find(expected, evidence, 0, cut * M), *find(expected[::-1], evidence, cut * M, DAY)]
    assert covered(halves) == covered(find(expected, evidence, 0, DAY))


@given(SPANS, SPANS)
def test_spans_are_sets_of_instants(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    def instants(spans: Iterable[tuple[int, int]]) -> set[int]:
        return {instant for start, end in spans for instant in range(start, end)}

    a, b = [(s, s + n) for s, n in one], [(s, s + n) for s, n in other]
    assert instants(union([*a, *b])) == instants(a) | instants(b)
    assert instants(common(a, b)) == instants(a) & instants(b)
    assert instants(without(a, b)) == instants(a) - instants(b)
    assert length(a) == len(instants(a))
    for spans in (union([*a, *b]), common(a, b), without(a, b)):
        assert all(end < start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))
