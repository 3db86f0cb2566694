"""What other rooms do when someone agrees, pauses or withdraws; they register themselves when they start."""

from collections.abc import Callable
from datetime import datetime

from wellness.consent.purposes import Scope
from wellness.studies.models import Enrollment

ConsentMoved = Callable[[Enrollment, frozenset[Scope], datetime], None]
Left = Callable[[Enrollment, datetime], None]

_GRANTED: list[ConsentMoved] = []
_WITHDRAWN: list[ConsentMoved] = []
_LEFT: list[Left] = []
_PAUSED: list[ConsentMoved] = []


def on_grant(act: ConsentMoved) -> ConsentMoved:
    """Have `act(enrollment, granted, now)` called in the transaction of every grant."""
    if act not in _GRANTED:
        _GRANTED.append(act)
    return act


def on_withdrawal(act: ConsentMoved) -> ConsentMoved:
    """Have `act(enrollment, revoked, now)` called in the transaction of every withdrawal.

    `revoked` holds all that is no longer allowed: what was taken back and what rested on it.
    """
    if act not in _WITHDRAWN:
        _WITHDRAWN.append(act)
    return act


def on_leaving(act: Left) -> Left:
    """Have `act(enrollment, now)` called in the transaction in which a person leaves for good.

    It cancels what is due for them, after `on_withdrawal`; what is kept of them is the registry's (erasure).
    """
    if act not in _LEFT:
        _LEFT.append(act)
    return act


def on_pause(act: ConsentMoved) -> ConsentMoved:
    """Have `act(enrollment, resting, now)` called in the transaction of every pause; nothing stored goes."""
    if act not in _PAUSED:
        _PAUSED.append(act)
    return act


def granted(enrollment: Enrollment, scopes: frozenset[Scope], now: datetime) -> None:
    """Tell every room; one that fails undoes the transaction."""
    for act in _GRANTED:
        act(enrollment, scopes, now)


def withdrawn(enrollment: Enrollment, revoked: frozenset[Scope], now: datetime) -> None:
    """Tell every room; one that fails undoes the transaction, so no room acts on half a withdrawal."""
    for act in _WITHDRAWN:
        act(enrollment, revoked, now)


def left(enrollment: Enrollment, now: datetime) -> None:
    """Tell every room that nothing is due for this person any more."""
    for act in _LEFT:
        act(enrollment, now)


def paused(enrollment: Enrollment, resting: frozenset[Scope], now: datetime) -> None:
    """Tell every room; one that fails undoes the transaction."""
    for act in _PAUSED:
        act(enrollment, resting, now)
