"""Permits: the rights that data are used under, how grants amount to one, and the refusals where none is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from wellness.consent.models import Party
from wellness.consent.windows import Window
from wellness.lib.refusal import Refusal

SELF, BOTH = Party.SELF.value, (Party.PERMISSION.value, Party.ASSENT.value)
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Permit:
    """The right that something was done under: the consent epoch and the events that granted it."""

    epoch: int
    event_ids: tuple[int, ...]


@dataclass(frozen=True)
class Standing:
    """What may be used now, and the windows of event time covered, read at one moment of one consent epoch.

    `epoch` is None where the person never agreed to any of it: then nothing is permitted or covered.
    `until` is when the first of what is in force expires: later the permits say nothing.
    """

    epoch: int | None
    permits: dict[str, Permit]
    windows: dict[str, list[Window]]
    until: datetime = FOREVER


class ConsentDenied(Refusal):
    """The person has not agreed to this use of these streams."""

    def __init__(self, purpose: str, streams: Iterable[str]) -> None:
        self.purpose, self.streams = purpose, tuple(streams)
        named = ", ".join(self.streams) or "nothing in particular"
        message = f"There is no consent to {purpose} for {named}."
        extra = {"purpose": purpose, "streams": list(self.streams)}
        super().__init__("consent_denied", message, status=403, extra=extra)


class PersonLeft(Refusal):
    """The person left for good; nothing about them is written any more."""

    def __init__(self) -> None:
        message = "This person has left, and nothing more is kept about them."
        super().__init__("consent_withdrawn", message, status=403)


def permits_of(
    enrollment_ids: Iterable[int], chain: Sequence[str], rows: Iterable[tuple[int, int, str, str, int, str]]
) -> dict[int, dict[str, Permit]]:
    """Person by person the streams for which every step of the chain is granted."""
    found: dict[int, dict[str, Permit]] = {pk: {} for pk in enrollment_ids}
    held: dict[tuple[int, int, str], dict[tuple[str, str], int]] = defaultdict(dict)
    for pk, epoch, stream, step, event, party in rows:
        held[pk, epoch, stream][step, party] = event
    for (pk, epoch, stream), events in held.items():
        if all(_granted(step, events) for step in chain):
            found[pk][stream] = Permit(epoch, tuple(sorted(set(events.values()))))
    return found


def _granted(step: str, events: Mapping[tuple[str, str], int]) -> bool:
    """One's own yes, or of a child both the guardian's and the child's."""
    return (step, SELF) in events or all((step, party) in events for party in BOTH)
