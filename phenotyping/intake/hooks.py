"""What higher rooms do in the transaction that stores samples."""

from collections.abc import Callable, Sequence
from datetime import datetime

from wellness.studies.models import Enrollment

Span = tuple[datetime, datetime]
OnStored = Callable[[Enrollment, Sequence[Span]], None]
_listeners: list[OnStored] = []


def on_stored(listener: OnStored) -> OnStored:
    """Have `listener(enrollment, spans)` called once an upload; a span is [first, last] sample of a chunk."""
    _listeners.append(listener)
    return listener


def tell(enrollment: Enrollment, spans: Sequence[Span]) -> None:
    """Call every listener."""
    for listener in _listeners:
        listener(enrollment, spans)
