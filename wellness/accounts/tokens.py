"""Session tokens of phones: under the same limits as the sessions of browsers, which the door holds."""

from __future__ import annotations

from allauth.core.internal.sessionkit import get_session_user
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from wellness.accounts import lifetime
from wellness.accounts.door import is_over


class LimitedTokens(SessionTokenStrategy):  # type: ignore[misc]  # allauth has no types
    """allauth's tokens, each of which opens its session only while that lasts."""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        """The session of a token; None, whereupon the app is told to sign in again, when its time is over."""
        session: SessionBase | None = super().lookup_session(session_token)
        user = get_session_user(session) if session is not None else None
        if session is None or user is None:  # a sign-in under way opens nothing yet
            return session
        now = timezone.now()
        if is_over(session, user, now):
            session.flush()
            return None
        lifetime.note(session, now)
        return session
