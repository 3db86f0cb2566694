"""The part of an entry that only a key opens: a person's own for their chain, else one made from AUDIT_KEY.

The chains cover the ciphertext, so they verify also when a person's key was destroyed.
"""

from __future__ import annotations

import hmac
import json
import unicodedata
from collections.abc import Callable, Mapping

from django.conf import settings

from wellness.keyring import KeyDestroyed
from wellness.lib import sealing
from wellness.lib.canonical import canonical

# (who the chain is about, what the envelope is bound to, bytes) -> bytes; KeyDestroyed when the key is gone.
Turn = Callable[[str, str, bytes], bytes]
_OWN: dict[str, tuple[Turn, Turn]] = {}


def own_keys(kind: str, *, seal: Turn, unseal: Turn) -> None:
    """Have chains "<kind>:<id>" sealed by the keys of a room above; it registers itself when it starts."""
    _OWN[kind] = (seal, unseal)


def sealed(chain: str, seq: int, detail: Mapping[str, str]) -> bytes | None:
    """The envelope of an entry's detail; None for none, and for a person whose key was destroyed."""
    if not detail:
        return None
    seal, _ = _turns(chain)
    try:
        return seal(_owner(chain), _context(chain, seq), canonical(dict(detail)))
    except KeyDestroyed:
        return None


def opened(chain: str, seq: int, envelope: bytes | memoryview | None) -> dict[str, str]:
    """What an entry's envelope holds; empty for none, and for a person whose key was destroyed."""
    if envelope is None:
        return {}
    _, unseal = _turns(chain)
    try:
        plain = unseal(_owner(chain), _context(chain, seq), bytes(envelope))
    except KeyDestroyed:
        return {}
    found: dict[str, str] = json.loads(plain)
    return found


def keyed_digest(kind: str, value: str) -> str:
    """32 hex digits by which the same value is known again, and which nobody without AUDIT_KEY can guess."""
    folded = unicodedata.normalize("NFKC", value).strip().casefold()
    text = f"{kind}|{folded}".encode(errors="replace")
    return hmac.new(_key("digest"), text, "sha256").hexdigest()[:32]


def _turns(chain: str) -> tuple[Turn, Turn]:
    return _OWN.get(chain.partition(":")[0], (_seal, _unseal))


def _owner(chain: str) -> str:
    return chain.partition(":")[2]


def _seal(_: str, context: str, plain: bytes) -> bytes:
    return sealing.seal(_key("detail"), plain, context=context)


def _unseal(_: str, context: str, envelope: bytes) -> bytes:
    return sealing.unseal(_key("detail"), envelope, context=context)


def _key(purpose: str) -> bytes:
    return sealing.subkey(settings.AUDIT_KEY.encode(), f"audit|{purpose}")


def _context(chain: str, seq: int) -> str:
    return f"audit|{chain}|{seq}"
