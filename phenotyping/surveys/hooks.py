"""What higher rooms do in the transaction that stores an answer."""

from collections.abc import Callable
from datetime import datetime

from phenotyping.surveys.instruments import Values
from phenotyping.surveys.models import Answer

OnAnswer = Callable[[Answer, Values, datetime], None]
_listeners: list[OnAnswer] = []


def on_answer(listener: OnAnswer) -> OnAnswer:
    """Register a function to call with (answer, values, now) for every new answer."""
    _listeners.append(listener)
    return listener


def tell(answer: Answer, values: Values, now: datetime) -> None:
    """Call every listener."""
    for listener in _listeners:
        listener(answer, values, now)
