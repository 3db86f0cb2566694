"""What a published protocol says of streams: {"streams": ["gps", {"name": "steps", "period_s": 300}]}."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from phenotyping.streams.catalogue import STREAMS
from wellness.lib.refusal import Refusal

ANSWERS = "survey"  # agreed to like a stream, but asked for by instruments
SLOWEST_S = 7_200.0


def rates(body: Mapping[str, Any]) -> dict[str, float]:
    """Seconds between rows (0 for events) of each stream to collect.

    What was clear when it was published and no longer is, is left out: a stream may leave the catalogue.
    """
    found: dict[str, float] = {}
    for item in body.get("streams", []):
        with suppress(Refusal):
            found.update((_rate(item),))
    found.pop(ANSWERS, None)
    return found


def require_clear(body: Mapping[str, Any]) -> None:
    """Refusal when phones could not follow the protocol."""
    named = body.get("streams", [])
    if not isinstance(named, list):
        raise _refusal("The streams of a protocol are a list.")
    found: set[str] = set()
    for item in named:
        name, _ = _rate(item)
        if name in found:
            raise _refusal(f"The protocol names {name} twice.")
        found.add(name)


def _rate(item: Any) -> tuple[str, float]:
    named = {"name": item} if isinstance(item, str) else item
    if not isinstance(named, dict) or not named.keys() <= {"name", "period_s"}:
        raise _refusal("A stream of a protocol is its name, or its name and period_s.")
    name = named.get("name")
    if name == ANSWERS and len(named) == 1:
        return name, 0.0
    if not isinstance(name, str) or name not in STREAMS:
        raise _refusal(f"There is no stream named {name!r:.60}.", "unknown_stream")
    usual = STREAMS[name].period_s
    period_s = named.get("period_s", usual)
    if "period_s" in named and not _possible(period_s, usual):
        raise _refusal(f"{name} cannot be collected every {period_s!r:.20} s.", "bad_rate")
    return name, float(period_s)


def _possible(period_s: Any, usual: float) -> bool:
    """Whether a stream that has a rate may have this one; events come when they happen."""
    number = isinstance(period_s, int | float) and not isinstance(period_s, bool)
    return bool(usual and number and 0 < period_s <= SLOWEST_S)


def _refusal(message: str, code: str = "bad_protocol") -> Refusal:
    return Refusal(code, message, field="streams")
