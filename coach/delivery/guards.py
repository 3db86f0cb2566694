"""Guards asked once more at the moment of sending; higher rooms register theirs at start."""

from collections.abc import Callable, Iterable
from datetime import datetime

from wellness.studies.models import Enrollment

Guard = Callable[[Enrollment, datetime], list[str]]
_guards: list[Guard] = []
_silencers: list[Guard] = []
# Why the coach rests is the person's: in columns that are in clear, each of these reasons is a hold.
HOLD = "hold"
_private: set[str] = set()


def register(guard: Guard) -> Guard:
    """Ask `guard(enrollment, now)` for reason codes before every sending."""
    _guards.append(guard)
    return guard


def register_silencer(guard: Guard) -> Guard:
    """Ask `guard(enrollment, now)` also before something that was sent is shown."""
    _silencers.append(guard)
    return guard


def keep_private(codes: Iterable[str]) -> None:
    """Have these reasons told in clear columns as a hold only."""
    _private.update(codes)


def public(code: str) -> str:
    """A reason as it may stand in clear."""
    return HOLD if code in _private else code


def silencing(enrollment: Enrollment, now: datetime) -> list[str]:
    """Every reason why even a suggestion that was sent must not be shown now."""
    return [code for guard in _silencers for code in guard(enrollment, now)]


def blocking(enrollment: Enrollment, now: datetime) -> list[str]:
    """Every reason not to send now; empty when all guards agree."""
    return [code for guard in _guards for code in guard(enrollment, now)]
