"""Sessions: sealed in the database, and found by the digest of a key that only the visitor holds.

A sign-in that is under way keeps its e-mail address and code there, and a key is all that a thief needs.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.signing import JSONSerializer

from wellness.lib import sealing

NAME_LENGTH = 40  # of the column


class SessionStore(db.SessionStore):
    """Django's store of sessions in the database, which then holds neither keys nor content."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        """The sealed content."""
        plain = JSONSerializer().dumps(session_dict)
        return b64encode(sealing.seal(_key("session"), plain, context="v1|session")).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """The content; an empty one when it does not open, so that the visitor signs in again."""
        try:
            plain = sealing.unseal(_key("session"), b64decode(session_data), context="v1|session")
        except (sealing.SealBroken, ValueError):
            return {}
        opened: dict[str, Any] = JSONSerializer().loads(plain)
        return opened

    def exists(self, session_key: str | None) -> bool:
        """Whether there is a session with this key."""
        return session_key is not None and super().exists(name_of(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row as it is written."""
        row = super().create_model_instance(data)
        row.session_key = name_of(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        """Forget the session with this key, or the present one."""
        key = session_key or self.session_key
        if key is not None:
            super().delete(name_of(key))

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        if self.session_key is None:
            return None
        key, self._session_key = self.session_key, name_of(self.session_key)
        found: AbstractBaseSession | None = super()._get_session_from_db()  # type: ignore[misc]
        self._session_key = key if found else None
        return found


def name_of(session_key: str) -> str:
    """Under which name the database holds the session with this key."""
    return hmac.new(_key("session-name"), session_key.encode(), "sha256").hexdigest()[:NAME_LENGTH]


def _key(purpose: str) -> bytes:
    return sealing.subkey(settings.ACCOUNT_KEY.encode(), purpose)
