"""Consent at the gate of intake: which checked rows may be stored, by when they happened (trust.md 2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from phenotyping.intake.checking import BEFORE_CONSENT, CONSENT_DENIED, Checked, Reasons
from wellness.consent import gate
from wellness.consent.gate import Permit
from wellness.consent.purposes import STORE
from wellness.consent.windows import Window
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment


@dataclass(frozen=True)
class Screened:
    """Checked rows with consent's refusals added, and the consent that they were screened under."""

    epoch: int
    permits: Mapping[str, Permit]
    parts: Sequence[Checked]

    def still_holds(self, person: Enrollment, now: datetime) -> bool:
        """Whether the locked person's consent is what the rows were screened under."""
        if person.consent_epoch != self.epoch:
            return False
        return gate.permitted(person, STORE, [part.stream for part in self.parts], at=now) == self.permits


def screen(enrollment: Enrollment, parts: Sequence[Checked], now: datetime) -> Screened:
    """The rows that the person's consent covers, both now and at the time of the event."""
    # The epoch is read first: what is read after it and found unchanged under the lock is of that epoch.
    epoch = Enrollment.objects.values_list("consent_epoch", flat=True).get(pk=enrollment.pk)
    streams = [part.stream for part in parts]
    permits = gate.permitted(enrollment, STORE, streams, at=now)
    windows = gate.periods(enrollment, STORE, streams)
    return Screened(
        epoch, permits, [_screened(part, part.stream in permits, windows[part.stream]) for part in parts]
    )


def _screened(part: Checked, permitted: bool, windows: Sequence[Window]) -> Checked:
    reasons: Reasons = part.reasons.copy()
    if permitted:
        reasons[~_covered(part.times_us, windows)] = BEFORE_CONSENT
    else:
        reasons[:] = CONSENT_DENIED
    return Checked(part.stream, part.table, reasons)


def _covered(times_us: NDArray[np.int64], windows: Sequence[Window]) -> NDArray[np.bool_]:
    inside = np.zeros(times_us.size, bool)
    for since, until in windows:
        within = times_us >= to_us(since)
        if until is not None:
            within &= times_us < to_us(until)
        inside |= within
    return inside
