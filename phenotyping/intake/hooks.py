"""What higher rooms do in the transaction that stores samples."""

from collections.abc import Callable, Sequence
from datetime import datetime

from wellness.lib.clock import ZoneHistory
from wellness.studies.models import Enrollment

Span = tuple[datetime, datetime]
OnStored = Callable[[Enrollment, Sequence[Span], ZoneHistory], None]
_listeners: list[OnStored] = []


def on_stored(listener: OnStored) -> OnStored:
    """Have `listener(enrollment, spans, zones)` called once an upload.

    A span is [first, last] of samples that have no gap of `spans.GAP` between them; spans are in order.
    `zones` is where the person was, as it is known by now.
    """
    _listeners.append(listener)
    return listener


def tell(enrollment: Enrollment, spans: Sequence[Span], zones: ZoneHistory) -> None:
    """Call every listener."""
    for listener in _listeners:
        listener(enrollment, spans, zones)
