"""What higher rooms do in the transaction that stores a day's values."""

from collections.abc import Callable
from datetime import date, datetime

from wellness.studies.models import Enrollment

OnComputed = Callable[[Enrollment, date, datetime], None]
_listeners: list[OnComputed] = []


def on_computed(listener: OnComputed) -> OnComputed:
    """Register a function to call with (enrollment, local date, now) for every day whose values changed."""
    _listeners.append(listener)
    return listener


def tell(enrollment: Enrollment, on: date, now: datetime) -> None:
    """Call every listener."""
    for listener in _listeners:
        listener(enrollment, on, now)
