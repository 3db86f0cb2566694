"""The gate: the one place that says whether data may be used. No row means no; unknown means no.

It is asked at ingest, compute, decide, view and export. A writer asks inside its transaction, under `lock`,
and keeps the permit with what it writes (trust.md sections 2.5 and 2.6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, CharField, DateTimeField, F, Q, QuerySet
from django.db.transaction import TransactionManagementError

from wellness.consent.endings import ends_at, has_ended
from wellness.consent.events import Period, sooner
from wellness.consent.models import ConsentState
from wellness.consent.permits import (
    BOTH,
    FOREVER,
    SELF,
    ConsentDenied,
    Permit,
    PersonLeft,
    Standing,
    permits_of,
)
from wellness.consent.purposes import PURPOSES, prerequisites
from wellness.consent.windows import Window, intersection, union
from wellness.prepared import Given, Instances, Select
from wellness.studies.models import GONE, Enrollment, Phase

__all__ = [
    "FOREVER",
    "ConsentDenied",
    "Permit",
    "PersonLeft",
    "Standing",
    "covering",
    "lock",
    "periods",
    "permitted",
    "permitted_many",
    "require",
    "standing",
    "unmoved",
]
_LOCKED = Instances(
    lambda: Enrollment.objects.filter(pk=Given("person", BigIntegerField())).select_for_update(
        of=("self",), no_key=True
    ),
    Enrollment,
    "study",
)


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
    wanted = tuple(dict.fromkeys(streams))
    chain = _chain(purpose)
    if not chain or not wanted:
        return {}
    given = {f"stream{n}": stream for n, stream in enumerate(wanted)}
    rows = _permitted(chain, len(wanted)).rows(person=enrollment.pk, at=at, **given)
    return permits_of([enrollment.pk], chain, rows)[enrollment.pk]


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
    grant = held.values_list("enrollment_id", "epoch", "stream", "purpose", "event_id", "party")
    return permits_of(ids, chain, grant)


def standing(enrollment: Enrollment, purpose: str, streams: Iterable[str], *, at: datetime) -> Standing:
    """`permitted` and `periods` in one query, for who must refuse before asking again under the lock."""
    wanted = tuple(dict.fromkeys(streams))
    chain = _chain(purpose)
    given = {f"stream{n}": stream for n, stream in enumerate(wanted)}
    found = _grants(chain, len(wanted)).rows(person=enrollment.pk, **given) if chain and wanted else []
    held, until, covered = [], FOREVER, []
    for epoch, phase, ended_at, stream, step, event, party, covers, since, ends, *by_itself in found:
        expires = sooner(*by_itself)
        if ends is None and since <= at < (expires or FOREVER) and _takes_part(phase, ended_at, at):
            held.append((enrollment.pk, epoch, stream, step, event, party))
            until = min(until, expires or FOREVER)
        covered.append((stream, step, party, covers, ends or expires))
    return Standing(
        epoch=found[0][0] if found else None,
        permits=permits_of([enrollment.pk], chain, held)[enrollment.pk],
        windows=_windows(wanted, chain, covered),
        until=until,
    )


def unmoved(person: Enrollment, epoch: int, *, at: datetime, until: datetime | None = None) -> bool:
    """Whether a locked person still agrees to what they did at `epoch`, and takes part.

    Nothing they said since, and nothing expired: by `until` (of the Standing) where the caller knows it, else
    nothing at all since their last word.
    """
    expires_at = until or person.consent_until or FOREVER
    return (
        person.consent_epoch == epoch
        and at < expires_at
        and _takes_part(person.phase, person.study.ended_at, at)
    )


def periods(enrollment: Enrollment, purpose: str, streams: Iterable[str]) -> dict[str, list[Window]]:
    """The windows of event time that grants cover, prerequisites included; every stream has a key.

    Data belong to a window when they happened in it, whenever they arrive; whether they may be taken in
    now is for `permitted` to say.
    """
    wanted = tuple(dict.fromkeys(streams))
    chain = _chain(purpose)
    rows = ConsentState.objects.filter(enrollment=enrollment, purpose__in=chain, stream__in=wanted)
    spans = rows.values_list("stream", "purpose", "party", "covers_from", "valid_to", "expires_at", ends_at())
    return _windows(wanted, chain, ((*row[:4], row[4] or sooner(row[5], row[6])) for row in spans))


def covering(periods: Iterable[Period], purpose: str, streams: Iterable[str]) -> dict[str, list[Window]]:
    """`periods` of periods that are at hand, as of another time."""
    spans = ((*one.scope, one.party, one.covers_from, one.valid_to or one.expires_at) for one in periods)
    turned = ((stream, step, party, since, until) for step, stream, party, since, until in spans)
    return _windows(tuple(dict.fromkeys(streams)), _chain(purpose), turned)


@cache
def _permitted(chain: tuple[str, ...], n_streams: int) -> Select:
    """The steps of a chain that are in force for that many streams of a person."""
    grant = ("enrollment_id", "enrollment__consent_epoch", "stream", "purpose", "event_id", "party")

    def in_force() -> QuerySet[ConsentState, Any]:
        return _asked(chain, n_streams).filter(_in_force(Given("at", DateTimeField()))).values_list(*grant)

    return Select(in_force)


@cache
def _grants(chain: tuple[str, ...], n_streams: int) -> Select:
    """What a person ever said to the steps of a chain, of that many streams."""
    person = ("enrollment__consent_epoch", "enrollment__phase", "enrollment__study__ended_at")
    grant = ("stream", "purpose", "event_id", "party", "covers_from", "valid_from", "valid_to", "expires_at")
    return Select(lambda: _asked(chain, n_streams).values_list(*person, *grant, ends_at()))


def _asked(chain: tuple[str, ...], n_streams: int) -> QuerySet[ConsentState]:
    streams = [Given(f"stream{n}", CharField()) for n in range(n_streams)]
    return ConsentState.objects.filter(
        enrollment_id=Given("person", BigIntegerField()), purpose__in=chain, stream__in=streams
    )


def _chain(purpose: str) -> tuple[str, ...]:
    return tuple(prerequisites(purpose)) if purpose in PURPOSES else ()


def _in_force(at: datetime | Given) -> Q:
    """Grants in force; whoever asks takes the epoch from the same statement, so both are of one moment."""
    return Q(
        Q(enrollment__study__ended_at=None) | Q(enrollment__study__ended_at__gt=at),
        Q(expires_at=None) | Q(expires_at__gt=at),
        ~has_ended(at),
        valid_to=None,  # what was taken back is taken back for whoever began before it, too
        enrollment__phase=Phase.ACTIVE,
        valid_from__lte=at,
    )


def _takes_part(phase: str, study_ended_at: datetime | None, at: datetime) -> bool:
    return phase == Phase.ACTIVE and (study_ended_at is None or study_ended_at > at)


def _windows(
    streams: Iterable[str],
    chain: Sequence[str],
    rows: Iterable[tuple[str, str, str, datetime, datetime | None]],
) -> dict[str, list[Window]]:
    covered: dict[tuple[str, str, str], list[Window]] = defaultdict(list)
    for stream, step, party, since, until in rows:
        covered[stream, step, party].append((since, until))

    def of_step(stream: str, step: str) -> list[Window]:
        own, *both = (union(covered[stream, step, party]) for party in (SELF, *BOTH))
        return union([*own, *intersection(both)]) if any(both) else own

    return {stream: intersection([of_step(stream, step) for step in chain]) for stream in streams}
