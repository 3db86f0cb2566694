"""The gate: the one place that says whether data may be used. No row means no; unknown means no.

It is asked at ingest, compute, decide, view and export. A writer asks inside its transaction, under `lock`,
and keeps the permit with what it writes (trust.md sections 2.5 and 2.6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Q
from django.db.transaction import TransactionManagementError

from wellness.consent.models import ConsentState
from wellness.consent.purposes import PURPOSES, prerequisites
from wellness.consent.windows import Window, intersection, union
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Phase


@dataclass(frozen=True)
class Permit:
    """The right that something was done under: the consent epoch and the events that granted it."""

    epoch: int
    event_ids: tuple[int, ...]


class ConsentDenied(Refusal):
    """The person has not agreed to this use of these streams."""

    def __init__(self, purpose: str, streams: Iterable[str]) -> None:
        self.purpose, self.streams = purpose, tuple(streams)
        named = ", ".join(self.streams) or "nothing in particular"
        message = f"There is no consent to {purpose} for {named}."
        extra = {"purpose": purpose, "streams": list(self.streams)}
        super().__init__("consent_denied", message, status=403, extra=extra)


def lock(enrollment: Enrollment) -> Enrollment:
    """The enrollment, read afresh and locked until the transaction ends: no consent changes meanwhile."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("gate.lock holds only inside transaction.atomic")
    rows = Enrollment.objects.select_related("study")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=enrollment.pk)


def require(enrollment: Enrollment, purpose: str, streams: Iterable[str], *, at: datetime) -> Permit:
    """The permit for a use that reads all of the streams; ConsentDenied when one of them lacks it."""
    wanted = tuple(dict.fromkeys(streams))
    found = permitted(enrollment, purpose, wanted, at=at)
    missing = [stream for stream in wanted if stream not in found]
    if missing or not wanted:
        raise ConsentDenied(purpose, missing)
    event_ids = {pk for permit in found.values() for pk in permit.event_ids}
    return Permit(found[wanted[0]].epoch, tuple(sorted(event_ids)))


def permitted(
    enrollment: Enrollment, purpose: str, streams: Iterable[str], *, at: datetime
) -> dict[str, Permit]:
    """The streams that may be used for the purpose, each with its permit."""
    return permitted_many([enrollment.pk], purpose, streams, at=at)[enrollment.pk]


def permitted_many(
    enrollment_ids: Iterable[int], purpose: str, streams: Iterable[str], *, at: datetime
) -> dict[int, dict[str, Permit]]:
    """`permitted` for many people in one query; everyone asked about has a key."""
    found: dict[int, dict[str, Permit]] = {pk: {} for pk in enrollment_ids}
    chain = prerequisites(purpose) if purpose in PURPOSES else ()
    held: dict[tuple[int, int, str], dict[str, int]] = defaultdict(dict)
    for pk, epoch, stream, step, event in _in_force(tuple(found), chain, tuple(streams), at):
        held[pk, epoch, stream][step] = event
    for (pk, epoch, stream), events in held.items():
        if len(events) == len(chain):
            found[pk][stream] = Permit(epoch, tuple(sorted(set(events.values()))))
    return found


def periods(enrollment: Enrollment, purpose: str, streams: Iterable[str]) -> dict[str, list[Window]]:
    """The windows of event time that grants cover, prerequisites included; every stream has a key.

    Data belong to a window when they happened in it, whenever they arrive; whether they may be taken in
    now is for `permitted` to say.
    """
    wanted = tuple(dict.fromkeys(streams))
    chain = prerequisites(purpose) if purpose in PURPOSES else ()
    covered: dict[tuple[str, str], list[Window]] = defaultdict(list)
    rows = ConsentState.objects.filter(enrollment=enrollment, purpose__in=chain, stream__in=wanted)
    for stream, step, since, until in rows.values_list("stream", "purpose", "covers_from", "valid_to"):
        covered[stream, step].append((since, until))
    return {stream: intersection([union(covered[stream, step]) for step in chain]) for stream in wanted}


def _in_force(
    enrollment_ids: tuple[int, ...], chain: tuple[str, ...], streams: tuple[str, ...], at: datetime
) -> Iterable[tuple[int, int, str, str, int]]:
    """Grants in force with the epoch they were read at: one statement, so both are of one moment."""
    rows = ConsentState.objects.filter(
        Q(enrollment__study__ended_at=None) | Q(enrollment__study__ended_at__gt=at),
        valid_to=None,  # what was taken back is taken back for whoever began before it, too
        enrollment__in=enrollment_ids,
        enrollment__phase=Phase.ACTIVE,
        purpose__in=chain,
        stream__in=streams,
        valid_from__lte=at,
    ).annotate(epoch=F("enrollment__consent_epoch"))
    return rows.values_list("enrollment_id", "epoch", "stream", "purpose", "event_id")
