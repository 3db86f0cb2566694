"""Sealing: AES-256-GCM envelopes under keys derived per person and purpose.

Layout: version (1) | algorithm (1) | key version (2) | nonce (12) | ciphertext | tag (16).
The context (study, person, table, field, row) is authenticated with the ciphertext, so a value that is
moved to another row, field or person no longer opens.
"""

import secrets
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION, AES_256_GCM, NONCE_BYTES = 1, 1, 12
_HEADER = struct.Struct(">BBH")


class SealBroken(Exception):
    """A sealed value was altered, moved, cut or sealed with another key."""


def new_key() -> bytes:
    """A fresh 256-bit key."""
    return secrets.token_bytes(32)


def subkey(key: bytes, purpose: str) -> bytes:
    """The 256-bit key for one purpose ("blob", "field", "export"), by HKDF-SHA256."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)


def seal(key: bytes, plain: bytes, *, context: str, key_version: int = 1) -> bytes:
    """The sealed envelope of `plain`, bound to `context`."""
    header = _HEADER.pack(VERSION, AES_256_GCM, key_version)
    nonce = secrets.token_bytes(NONCE_BYTES)
    return header + nonce + AESGCM(key).encrypt(nonce, plain, header + context.encode())


def unseal(key: bytes, sealed: bytes, *, context: str) -> bytes:
    """The plain bytes of an envelope; SealBroken when key, context or content differ."""
    header, nonce, body = sealed[:4], sealed[4:16], sealed[16:]
    if len(body) < 16 or header[:2] != bytes((VERSION, AES_256_GCM)):
        raise SealBroken("not a sealed envelope")
    try:
        return AESGCM(key).decrypt(nonce, body, header + context.encode())
    except InvalidTag:
        raise SealBroken(f"the envelope for {context} does not open") from None
