"""Computing one person-day: from all samples of the day, under one consent, to one sealed row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from phenotyping.days import gaps, hooks
from phenotyping.days.models import Day
from phenotyping.days.stale import LOOKS_AHEAD, LOOKS_BACK
from phenotyping.features.day import DayWindow, Measured, compute_day
from phenotyping.features.gaps import Gap
from phenotyping.features.registry import FEATURE_SET_VERSION, REGISTRY
from phenotyping.intake.presence import any_samples
from phenotyping.intake.reading import read
from phenotyping.streams.catalogue import STREAM_NAMES
from phenotyping.streams.samples import Columns
from phenotyping.surveys.selectors import self_report
from wellness.consent import gate
from wellness.consent.gate import Permit
from wellness.consent.purposes import CONSENT_STREAMS, FEATURE, SURVEY
from wellness.lib.canonical import canonical
from wellness.lib.clock import to_us
from wellness.studies import keys
from wellness.studies.models import Enrollment
from wellness.work.claims import LeaseLost

# What some phenotype reads, and two streams that show the phone was there; the others are never opened.
READ = frozenset(name for one in REGISTRY.values() for name in one.streams) | {"activity", "device_health"}
SELF_REPORTED = tuple(name for name, phenotype in REGISTRY.items() if phenotype.streams == (SURVEY,))


@dataclass(frozen=True)
class _Inputs:
    """What one computation rests on: the permits at its start and the data they allowed."""

    permits: Mapping[str, Permit]
    samples: Mapping[str, Columns]
    reports: Mapping[str, float]
    gaps: Sequence[Gap]
    ahead: bool

    def digest(self) -> str:
        """SHA-256 over streams, columns and answers; equal inputs give equal digests."""
        hasher = sha256(FEATURE_SET_VERSION.encode())
        for stream, columns in sorted(self.samples.items()):
            for name, values in sorted(columns.items()):
                hasher.update(f"|{stream}.{name}|".encode())
                hasher.update(repr(values.tolist()).encode() if values.dtype == object else values.tobytes())
        hasher.update(canonical(dict(self.reports)))
        return hasher.hexdigest()


def compute(pk: int, fence: int, now: datetime) -> None:
    """Bring one claimed day up to date; LeaseLost when the claim or the consent it began under is gone."""
    day = Day.objects.select_related("enrollment__study").get(pk=pk)
    inputs = _gather(day, now)
    measured = _measure(day, inputs)
    _store(day, fence, inputs, measured, now)


def _gather(day: Day, now: datetime) -> _Inputs:
    permits = gate.permitted(day.enrollment, FEATURE, CONSENT_STREAMS, at=now)
    streams = [name for name in STREAM_NAMES if name in permits and name in READ | gaps.JUDGED]
    end = day.ends_at + LOOKS_AHEAD
    until = min(end, now)  # what a fast clock dates later has not happened yet
    opened = read(day.enrollment, streams, day.starts_at - LOOKS_BACK, until)
    ahead = until < end and any_samples(day.enrollment, until, end)
    samples = {name: columns for name, columns in opened.items() if name in READ}
    reports = self_report(day.enrollment, day.starts_at, day.ends_at) if SURVEY in permits else {}
    return _Inputs(permits, samples, reports, gaps.of_day(day, opened, permits.keys()), ahead)


def _measure(day: Day, inputs: _Inputs) -> dict[str, Measured]:
    window = DayWindow(day.on, day.zone, to_us(day.starts_at), to_us(day.ends_at))
    measured = compute_day(inputs.samples, window)
    if SURVEY in inputs.permits:
        for name in SELF_REPORTED:
            # An answer speaks for its day: asked and answered, or not.
            value = inputs.reports.get(name)
            measured[name] = (
                Measured(None, 0.0, window.minutes, "no_data")
                if value is None
                else Measured(value, window.minutes, window.minutes, None)
            )
    return measured


@transaction.atomic
def _store(day: Day, fence: int, inputs: _Inputs, measured: Mapping[str, Measured], now: datetime) -> None:
    person = gate.lock(day.enrollment)
    permits = gate.permitted(person, FEATURE, CONSENT_STREAMS, at=now)
    if permits.keys() != inputs.permits.keys():
        raise LeaseLost("consent changed while the day was computed")
    plain = _plain(measured)
    values_sha256 = sha256(canonical(plain)).hexdigest()
    n = Day.objects.filter(pk=day.pk, fence=fence).update(
        computed_seq=day.stale_seq - inputs.ahead,
        computed_at=now,
        feature_set=FEATURE_SET_VERSION,
        input_sha256=inputs.digest(),
        values_sha256=values_sha256,
        sealed_values=keys.seal_json(person, context(day), plain),
        n_values=sum(one.value is not None for one in measured.values()),
        **_coverage(measured),
        **gaps.stored(person, day, inputs.gaps),
        consent_epoch=person.consent_epoch,
        consent_events=sorted({pk for permit in permits.values() for pk in permit.event_ids}),
    )
    if n == 0 or not Day.objects.all().release(day.pk, fence):
        raise LeaseLost(f"day {day.pk}")
    if inputs.ahead:  # due again once all of it has happened, or when more came
        unchanged = Day.objects.filter(pk=day.pk, stale_seq=day.stale_seq)
        unchanged.update(run_after=day.ends_at + LOOKS_AHEAD)
    if values_sha256 != day.values_sha256:
        hooks.tell(person, day.on, now)


def _plain(measured: Mapping[str, Measured]) -> dict[str, list[Any]]:
    """The values as they are sealed, in a fixed order."""
    return {
        name: [one.value, one.observed_min, one.expected_min, one.reason]
        for name, one in sorted(measured.items())
    }


def _coverage(measured: Mapping[str, Measured]) -> dict[str, float]:
    """The best observed stretch of any sensor measure: how long the phone was there at all."""
    sensed = [one for name, one in measured.items() if name not in SELF_REPORTED]
    best = max(sensed, key=lambda one: one.observed_min, default=Measured(None, 0.0, 0.0, "no_data"))
    return {"observed_min": best.observed_min, "expected_min": best.expected_min}


def context(day: Day) -> str:
    """What a day's sealed values are bound to."""
    return f"day|{day.on}|values"


def opened(enrollment: Enrollment, day: Day) -> dict[str, Measured]:
    """A day's values, unsealed; ask the gate before showing or using them."""
    if day.sealed_values is None:
        return {}
    plain: dict[str, Any] = keys.unseal_json(enrollment, context(day), bytes(day.sealed_values))
    return {name: Measured(*row) for name, row in plain.items()}
