"""Identifiers: time-ordered UUIDs, secrets and their digests."""

import hashlib
import secrets
import time
import uuid


def uuid7() -> uuid.UUID:
    """A time-ordered random UUID (RFC 9562, version 7)."""
    ms = time.time_ns() // 1_000_000
    version, variant = 0x7 << 76, 0b10 << 62
    value = (ms & (1 << 48) - 1) << 80 | version | secrets.randbits(12) << 64 | variant | secrets.randbits(62)
    return uuid.UUID(int=value)


def new_secret() -> str:
    """A URL-safe secret of 256 random bits, shown once and kept only as its digest."""
    return secrets.token_urlsafe(32)


def secret_digest(secret: str) -> str:
    """SHA-256 of a high-entropy secret; a slow hash adds nothing at 256 bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
