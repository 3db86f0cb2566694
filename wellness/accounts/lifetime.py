"""How long a session lasts: idle and in all, shorter for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase

BEGAN, SEEN = "wellness.began", "wellness.seen"
NOTED_EVERY = timedelta(minutes=1)  # a request within it writes nothing


@dataclass(frozen=True)
class Lifetime:
    """A session is over after this long without a request, and after that long in all."""

    idle: timedelta
    whole: timedelta


STAFF = Lifetime(idle=timedelta(minutes=15), whole=timedelta(hours=12))
OTHERS = Lifetime(idle=timedelta(days=14), whole=timedelta(days=30))


def begin(session: SessionBase, now: datetime) -> None:
    """Count from now."""
    session[BEGAN] = session[SEEN] = now.timestamp()


def is_over(session: SessionBase, limits: Lifetime, now: datetime) -> bool:
    """Whether the session lasted too long; one that nobody began is over."""
    began, seen = session.get(BEGAN), session.get(SEEN)
    if began is None or seen is None:
        return True
    at = now.timestamp()
    return bool(at - began >= limits.whole.total_seconds() or at - seen >= limits.idle.total_seconds())


def note(session: SessionBase, now: datetime) -> None:
    """Remember that the session is in use, once a minute: it may end that much early, never late."""
    if now.timestamp() - session[SEEN] >= NOTED_EVERY.total_seconds():
        session[SEEN] = now.timestamp()
