"""Communication: calls, messages, and with how many people.

Events count in the window where they begin; talk time is split at window edges. Contacts of any direction
count, by salted hash; they are undefined when there were events but no hash at all.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phenotyping.features.coverage import MIN_YIELD, overlap
from phenotyping.features.phenotype import Phenotype
from phenotyping.features.sensor import Reading, SensedDay, Sensor, alive_reading

_social = partial(
    Phenotype,
    domain="social",
    unit="n",
    source="section 4.3; Vega et al. (2021), Front. Digit. Health 3:769823",
    scale="sqrt",
    min_yield=MIN_YIELD,
    low=0,
    high=10_000,
)
_calls, _messages = partial(_social, streams=("calls",)), partial(_social, streams=("messages",))

CALLS = (
    _calls(
        name="calls.incoming_count",
        label="Calls received",
        definition="Number of incoming calls that were taken.",
    ),
    _calls(name="calls.outgoing_count", label="Calls made", definition="Number of outgoing calls."),
    _calls(name="calls.missed_count", label="Calls missed", definition="Number of missed calls."),
    _calls(
        name="calls.total_duration",
        label="Time on calls",
        unit="s",
        definition="Seconds of the day inside incoming and outgoing calls, which are split at midnight.",
        high=90_000,
    ),
    _calls(
        name="calls.distinct_contacts",
        label="People in calls",
        definition="Number of different contacts in calls of any direction.",
    ),
)
MESSAGES = (
    _messages(
        name="messages.incoming_count",
        label="Messages received",
        definition="Number of incoming text messages.",
    ),
    _messages(
        name="messages.outgoing_count",
        label="Messages sent",
        definition="Number of outgoing text messages.",
    ),
    _messages(
        name="messages.distinct_contacts",
        label="People in messages",
        definition="Number of different contacts in text messages of any direction.",
    ),
)
BOTH = (
    _social(
        name="communication.distinct_contacts",
        label="People in calls and messages",
        definition="Number of different contacts in calls and text messages together, of any direction.",
        source="Liu and Onnela, Forest (willow); section 4.3",
        streams=("calls", "messages"),
    ),
)
PHENOTYPES = (*CALLS, *MESSAGES, *BOTH)


def measure_calls(day: SensedDay) -> Reading:
    """Call values of the day; an alive phone without rows had no calls."""
    times, direction = day.times("calls"), day.words("calls", "direction")
    began = _begun(day, "calls")
    talked = direction != "missed"
    length_us = (np.nan_to_num(day.numbers("calls", "duration_s"))[talked] * 1e6).astype(np.int64)
    starts = times[talked]
    talk_us = overlap(starts, starts + length_us, day.window.start_us, day.window.end_us)
    return alive_reading(
        day,
        {
            "calls.incoming_count": _count(direction[began], "incoming"),
            "calls.outgoing_count": _count(direction[began], "outgoing"),
            "calls.missed_count": _count(direction[began], "missed"),
            "calls.total_duration": float(talk_us.sum() / 1e6),
            "calls.distinct_contacts": _n_contacts(day, "calls"),
        },
    )


def measure_messages(day: SensedDay) -> Reading:
    """Message values of the day; an alive phone without rows had no messages."""
    direction = day.words("messages", "direction")[_begun(day, "messages")]
    return alive_reading(
        day,
        {
            "messages.incoming_count": _count(direction, "incoming"),
            "messages.outgoing_count": _count(direction, "outgoing"),
            "messages.distinct_contacts": _n_contacts(day, "messages"),
        },
    )


def measure_both(day: SensedDay) -> Reading:
    """Values over calls and messages together."""
    n_contacts = _n_contacts(day, "calls", "messages")
    return alive_reading(day, {"communication.distinct_contacts": n_contacts})


def _begun(day: SensedDay, stream: str) -> slice:
    low, high = np.searchsorted(day.times(stream), (day.window.start_us, day.window.end_us))
    return slice(int(low), int(high))


def _count(direction: NDArray[Any], word: str) -> float:
    return float(np.count_nonzero(direction == word))


def _n_contacts(day: SensedDay, *streams: str) -> float | None:
    people: set[str] = set()
    for stream in streams:
        rows = day.words(stream, "contact")[_begun(day, stream)].tolist()
        known = {contact for contact in rows if contact}
        if rows and not known:
            return None
        people |= known
    return float(len(people))


SENSORS = (Sensor(CALLS, measure_calls), Sensor(MESSAGES, measure_messages), Sensor(BOTH, measure_both))
