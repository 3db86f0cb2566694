"""What a study signs for others to keep, as JWS (RFC 7515) under its key: one spelling, one algorithm.

A text is read only in the spelling that we write: three parts in canonical base64url, a header of exactly
algorithm, key and type. Whatever else a JWS may be (none, HS256, keys that it brings itself) is not ours.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError

from wellness.consent.signatures import ALGORITHM, private_key, study_key
from wellness.studies.models import Study

_JWS = PyJWS(algorithms=[ALGORITHM])
_HEADERS = {"alg", "kid", "typ"}
_KID = re.compile("[0-9a-f]{16}")


class Altered(Exception):
    """A text is not one that was signed here, as it was signed."""


class UnknownKey(Exception):
    """A text names a key that is not known."""


def signed(study: Study, said: dict[str, Any], *, kind: str, now: datetime) -> str:
    """What is said, signed by the study; `kind` is the media type, so that no text passes for another."""
    payload = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
    headers = {"typ": kind, "kid": study_key(study, now=now)}
    return _JWS.encode(payload, private_key(study), algorithm=ALGORITHM, headers=headers)


def verified(
    token: str, *, kind: str, public: Callable[[str], Ed25519PublicKey | None]
) -> tuple[str, dict[str, Any]]:
    """The name of the key and what it signed; UnknownKey or Altered otherwise."""
    header = _header(token)
    if header.keys() != _HEADERS or header["alg"] != ALGORITHM or header["typ"] != kind:
        raise Altered
    kid = str(header["kid"])
    key = public(kid) if _KID.fullmatch(kid) else None
    if key is None:
        raise UnknownKey
    try:
        said = json.loads(_JWS.decode(token, key=key, algorithms=[ALGORITHM]))
    except (PyJWTError, ValueError):
        raise Altered from None
    return kid, dict(said)


def _header(token: str) -> dict[str, Any]:
    """The header of a text in its one spelling: else bits that nobody signs could be changed."""
    parts = token.split(".")
    try:
        if len(parts) != 3 or any(_spelt(_bytes(part)) != part for part in parts):
            raise Altered
        header = json.loads(_bytes(parts[0]))
    except (ValueError, binascii.Error, RecursionError):
        raise Altered from None
    if not isinstance(header, dict):
        raise Altered
    return header


def _bytes(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _spelt(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()
