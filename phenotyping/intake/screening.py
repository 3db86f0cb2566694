"""Consent at the gate of intake: which checked rows may be stored, by when they happened (trust.md 2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from phenotyping.intake.checking import BEFORE_CONSENT, CONSENT_DENIED, EARLY, FUTURE, Checked, Reasons
from phenotyping.intake.clocks import Offset, possible
from wellness.consent import gate
from wellness.consent.gate import Permit
from wellness.consent.purposes import STORE
from wellness.consent.windows import Window
from wellness.lib.clock import to_us
from wellness.studies.models import Enrollment


@dataclass(frozen=True)
class Screened:
    """Checked rows with consent's refusals added, the consent that they were screened under, and its end."""

    epoch: int | None
    permits: Mapping[str, Permit]
    parts: Sequence[Checked]
    until: datetime

    def still_holds(self, person: Enrollment, now: datetime) -> bool:
        """Whether the locked person's consent is what the rows were screened under."""
        if self.epoch is None or not self.permits:
            return self.epoch in (None, person.consent_epoch)
        # Until what it was screened under expires: what else has expired already was refused by then.
        if not gate.unmoved(person, self.epoch, at=now, until=self.until):
            return False
        # A new version of the document ends what it no longer offers at once, and moves nobody's epoch.
        return gate.standing(person, STORE, list(self.permits), at=now).permits == self.permits


def screen(
    enrollment: Enrollment, parts: Sequence[Checked], now: datetime, clock: Offset | None = None
) -> Screened:
    """The rows that the person's consent covers, both now and at any time when they may have happened."""
    consent = gate.standing(enrollment, STORE, [part.stream for part in parts], at=now)
    permits, windows = consent.permits, consent.windows
    screened = [_screened(part, part.stream in permits, windows[part.stream], clock) for part in parts]
    return Screened(consent.epoch, permits, screened, consent.until)


def _screened(part: Checked, permitted: bool, windows: Sequence[Window], clock: Offset | None) -> Checked:
    reasons: Reasons = part.reasons.copy()
    if permitted:
        timed = (reasons != EARLY) & (reasons != FUTURE)
        reasons[timed & ~_covered(*possible(part.times_us, clock), windows)] = BEFORE_CONSENT
    else:
        reasons[:] = CONSENT_DENIED
    return Checked(part.stream, part.table, reasons)


def _covered(
    earliest_us: NDArray[np.int64], latest_us: NDArray[np.int64], windows: Sequence[Window]
) -> NDArray[np.bool_]:
    """Which rows lie in one window wholly; windows do not touch each other."""
    inside = np.zeros(earliest_us.size, bool)
    for since, until in windows:
        within = earliest_us >= to_us(since)
        if until is not None:
            within &= latest_us < to_us(until)
        inside |= within
    return inside
