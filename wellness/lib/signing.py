"""Ed25519 signatures under keys derived from a secret, so that no private key is ever stored.

The name of a key (`kid`) is made from its public half: whoever keeps that half can verify for ever, also
after the secret was replaced.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wellness.lib.sealing import subkey


class SignatureBroken(Exception):
    """A signature is not one of this key over these bytes."""


def signing_key(secret: str, purpose: str) -> Ed25519PrivateKey:
    """The private key for one purpose ("consent|<study>", "checkpoint"), the same for the same secret."""
    return Ed25519PrivateKey.from_private_bytes(subkey(secret.encode(), f"ed25519|{purpose}"))


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes by which anybody can verify what the key signs (RFC 8032)."""
    return key.public_key().public_bytes_raw()


def key_id(public: bytes) -> str:
    """The short name of a public key: 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def verify(public: bytes, signature: bytes, signed: bytes) -> None:
    """Return only when the signature is the key's over these bytes; SignatureBroken otherwise."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise SignatureBroken("the signature does not verify") from None
