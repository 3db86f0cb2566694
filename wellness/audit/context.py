"""What an entry is part of: the request or task during which it is written, known without being passed on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    """A request by its id, with where it came from; of a task only the id is known."""

    request_id: str
    source: str = ""  # the client's address
    agent: str = ""

    def detail(self) -> dict[str, str]:
        """What may be kept only sealed: it says where a person was and which machine they used."""
        return {name: value for name in ("source", "agent") if (value := getattr(self, name))}


NOTHING = Context("")
_CURRENT: ContextVar[Context] = ContextVar("audit_context", default=NOTHING)


def current() -> Context:
    """The context of the code that runs now; an empty one outside of requests and tasks."""
    return _CURRENT.get()


@contextmanager
def during(context: Context) -> Iterator[Context]:
    """A block whose entries carry this context."""
    token = _CURRENT.set(context)
    try:
        yield context
    finally:
        _CURRENT.reset(token)


def task_begins(*, task_id: str, **_: object) -> None:
    """Entries of a Celery task carry its id."""
    _CURRENT.set(Context(task_id))


def task_ended(**_: object) -> None:
    """The worker's next task is another context."""
    _CURRENT.set(NOTHING)
