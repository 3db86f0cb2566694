"""Canonical JSON (RFC 8785 style) and its digest: the same value always gives the same bytes."""

import hashlib
import json
import math
from typing import Any


def canonical(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; ValueError on nan, infinity or a non-string key."""
    _check(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest(value: Any) -> str:
    """SHA-256, in hex, of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _check(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"a JSON key is a string, not {type(key).__name__}")
            _check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("nan and infinity have no JSON form")
