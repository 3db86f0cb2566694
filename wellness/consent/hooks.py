"""What other rooms do when someone withdraws; they register themselves when they start."""

from collections.abc import Callable
from datetime import datetime

from wellness.consent.purposes import Scope
from wellness.studies.models import Enrollment

Withdrawn = Callable[[Enrollment, frozenset[Scope], datetime], None]

_WITHDRAWN: list[Withdrawn] = []


def on_withdrawal(act: Withdrawn) -> Withdrawn:
    """Have `act(enrollment, revoked, now)` called in the transaction of every withdrawal.

    `revoked` holds all that is no longer allowed: what was taken back and what rested on it.
    """
    if act not in _WITHDRAWN:
        _WITHDRAWN.append(act)
    return act


def withdrawn(enrollment: Enrollment, revoked: frozenset[Scope], now: datetime) -> None:
    """Tell every room; one that fails undoes the transaction, so no room acts on half a withdrawal."""
    for act in _WITHDRAWN:
        act(enrollment, revoked, now)
