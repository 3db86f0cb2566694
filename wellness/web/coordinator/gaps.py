"""What data are lost and why, in minutes and words: no values, no streams, no times of day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from phenotyping.days.losses import lost
from wellness.studies.models import Enrollment
from wellness.web.words import CAUSES, duration

N_DAYS = 7


@dataclass(frozen=True)
class Loss:
    """One person's lost time by cause, in the order of CAUSES; "–" where there is none."""

    code: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Losses:
    """People by causes; only causes and people that have any."""

    causes: Sequence[str]
    rows: Sequence[Loss]


def losses(people: Sequence[Enrollment], now: datetime) -> Losses:
    """What was lost in the week up to yesterday."""
    yesterday = now.date() - timedelta(days=1)
    found = lost(people, yesterday - timedelta(days=N_DAYS - 1), yesterday)
    seen = {cause for minutes in found.values() for cause, n in minutes.items() if n >= 1}
    causes = [cause for cause in CAUSES if cause in seen]
    rows = [
        Loss(
            one.code, [duration(n) if (n := found[one.pk].get(cause, 0.0)) >= 1 else "–" for cause in causes]
        )
        for one in people
        if any(found[one.pk].get(cause, 0.0) >= 1 for cause in causes)
    ]
    return Losses([CAUSES[cause] for cause in causes], rows)
