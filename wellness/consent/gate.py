"""The gate: the one place that says whether data may be used. No row means no; unknown means no.

It is asked at ingest, compute, decide, view and export. A writer asks inside its transaction, under `lock`,
and keeps the permit with what it writes (trust.md sections 2.5 and 2.6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import connection
from django.db.models import BigIntegerField, CharField, F, Q
from django.db.transaction import TransactionManagementError

from wellness.consent.models import ConsentState
from wellness.consent.purposes import PURPOSES, prerequisites
from wellness.consent.windows import Window, intersection, union
from wellness.lib.refusal import Refusal
from wellness.prepared import Given, Instances, Select
from wellness.studies.models import GONE, Enrollment, Phase

_LOCKED = Instances(
    lambda: Enrollment.objects.filter(pk=Given("person", BigIntegerField())).select_for_update(
        of=("self",), no_key=True
    ),
    Enrollment,
    "study",
)


@dataclass(frozen=True)
class Permit:
    """The right that something was done under: the consent epoch and the events that granted it."""

    epoch: int
    event_ids: tuple[int, ...]


@dataclass(frozen=True)
class Standing:
    """What may be used now, and the windows of event time covered, read at one moment of one consent epoch.

    `epoch` is None where the person never agreed to any of it: then nothing is permitted or covered.
    """

    epoch: int | None
    permits: dict[str, Permit]
    windows: dict[str, list[Window]]


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


def lock(enrollment: Enrollment) -> Enrollment:
    """The enrollment, read afresh and locked until the transaction ends: no consent changes meanwhile.

    PersonLeft for one who left for good: whatever began before that is discarded here.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("gate.lock holds only inside transaction.atomic")
    found = _LOCKED.found(person=enrollment.pk)
    if not found:
        raise Enrollment.DoesNotExist
    if found[0].phase in GONE:
        raise PersonLeft
    return found[0]


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
    ids = tuple(enrollment_ids)
    chain = _chain(purpose)
    rows = ConsentState.objects.filter(
        _in_force(at), enrollment__in=ids, purpose__in=chain, stream__in=tuple(streams)
    )
    held = rows.annotate(epoch=F("enrollment__consent_epoch"))
    return _permits(ids, chain, held.values_list("enrollment_id", "epoch", "stream", "purpose", "event_id"))


def standing(enrollment: Enrollment, purpose: str, streams: Iterable[str], *, at: datetime) -> Standing:
    """`permitted` and `periods` in one query, for who must refuse before asking again under the lock."""
    wanted = tuple(dict.fromkeys(streams))
    chain = _chain(purpose)
    given = {f"stream{at}": stream for at, stream in enumerate(wanted)}
    found = _grants(chain, len(wanted)).rows(person=enrollment.pk, **given) if chain and wanted else []
    held = [
        (enrollment.pk, epoch, stream, step, event)
        for epoch, phase, ended_at, stream, step, event, _, since, until in found
        if until is None and since <= at and _takes_part(phase, ended_at, at)
    ]
    covered = ((row[3], row[4], row[6], row[8]) for row in found)
    return Standing(
        epoch=found[0][0] if found else None,
        permits=_permits([enrollment.pk], chain, held)[enrollment.pk],
        windows=_windows(wanted, chain, covered),
    )


def unmoved(person: Enrollment, epoch: int, *, at: datetime) -> bool:
    """Whether a locked person still agrees to what they did at `epoch`: no event since, and taking part."""
    return person.consent_epoch == epoch and _takes_part(person.phase, person.study.ended_at, at)


def periods(enrollment: Enrollment, purpose: str, streams: Iterable[str]) -> dict[str, list[Window]]:
    """The windows of event time that grants cover, prerequisites included; every stream has a key.

    Data belong to a window when they happened in it, whenever they arrive; whether they may be taken in
    now is for `permitted` to say.
    """
    wanted = tuple(dict.fromkeys(streams))
    chain = _chain(purpose)
    rows = ConsentState.objects.filter(enrollment=enrollment, purpose__in=chain, stream__in=wanted)
    return _windows(wanted, chain, rows.values_list("stream", "purpose", "covers_from", "valid_to"))


@cache
def _grants(chain: tuple[str, ...], n_streams: int) -> Select:
    """What a person said to the steps of a chain, of that many streams."""
    person = ("enrollment__consent_epoch", "enrollment__phase", "enrollment__study__ended_at")
    grant = ("stream", "purpose", "event_id", "covers_from", "valid_from", "valid_to")
    streams = [Given(f"stream{at}", CharField()) for at in range(n_streams)]
    return Select(
        lambda: ConsentState.objects.filter(
            enrollment_id=Given("person", BigIntegerField()), purpose__in=chain, stream__in=streams
        ).values_list(*person, *grant)
    )


def _chain(purpose: str) -> tuple[str, ...]:
    return tuple(prerequisites(purpose)) if purpose in PURPOSES else ()


def _in_force(at: datetime) -> Q:
    """Grants in force; whoever asks takes the epoch from the same statement, so both are of one moment."""
    return Q(
        Q(enrollment__study__ended_at=None) | Q(enrollment__study__ended_at__gt=at),
        valid_to=None,  # what was taken back is taken back for whoever began before it, too
        enrollment__phase=Phase.ACTIVE,
        valid_from__lte=at,
    )


def _takes_part(phase: str, study_ended_at: datetime | None, at: datetime) -> bool:
    return phase == Phase.ACTIVE and (study_ended_at is None or study_ended_at > at)


def _permits(
    enrollment_ids: Iterable[int], chain: Sequence[str], rows: Iterable[tuple[int, int, str, str, int]]
) -> dict[int, dict[str, Permit]]:
    """Person by person the streams for which every step of the chain is granted."""
    found: dict[int, dict[str, Permit]] = {pk: {} for pk in enrollment_ids}
    held: dict[tuple[int, int, str], dict[str, int]] = defaultdict(dict)
    for pk, epoch, stream, step, event in rows:
        held[pk, epoch, stream][step] = event
    for (pk, epoch, stream), events in held.items():
        if len(events) == len(chain):
            found[pk][stream] = Permit(epoch, tuple(sorted(set(events.values()))))
    return found


def _windows(
    streams: Iterable[str],
    chain: Sequence[str],
    rows: Iterable[tuple[str, str, datetime, datetime | None]],
) -> dict[str, list[Window]]:
    covered: dict[tuple[str, str], list[Window]] = defaultdict(list)
    for stream, step, since, until in rows:
        covered[stream, step].append((since, until))
    return {stream: intersection([union(covered[stream, step]) for step in chain]) for stream in streams}
