"""What to look for: a planted text or number in every form in which software writes such things down."""

from __future__ import annotations

import json
import struct
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from urllib.parse import quote

Plant = str | float
WRITTEN = ("utf-8", "utf-16", "json", "percent")  # in which case does not matter


def found(plants: Mapping[str, Plant], haystack: bytes) -> dict[str, str]:
    """Each plant that is there, and the first form it has there."""
    seen: dict[str, str] = {}
    lower = haystack.lower()
    for name, plant in plants.items():
        for form, needle in forms(plant):
            if needle in haystack or (
                form in ("utf-8", "utf-16", "json", "percent") and needle.lower() in lower
            ):
                seen[name] = form
                break
    return seen


def forms(plant: Plant) -> Iterator[tuple[str, bytes]]:
    """Every form of a plant, with its name."""
    for form, raw in _raw(plant):
        yield form, raw
        yield f"hex of {form}", raw.hex().encode()
        yield f"HEX of {form}", raw.hex().upper().encode()
        for k in range(3):
            yield f"base64 of {form} at {k}", _inner(b64encode(bytes(k) + raw), k, len(raw))
            yield f"base64url of {form} at {k}", _inner(urlsafe_b64encode(bytes(k) + raw), k, len(raw))


def _raw(plant: Plant) -> Iterator[tuple[str, bytes]]:
    if isinstance(plant, float):
        yield "decimal", repr(plant).encode()
        yield "float64", struct.pack("<d", plant)
        yield "big-endian float64", struct.pack(">d", plant)
        return
    yield "utf-8", plant.encode()
    yield "utf-16", plant.encode("utf-16-le")
    yield "json", json.dumps(plant)[1:-1].encode()
    yield "percent", quote(plant).encode()


def _inner(encoded: bytes, before: int, length: int) -> bytes:
    """The characters that depend on the plant alone, whatever stands around it."""
    first = -(-before * 8 // 6)
    last = (before + length) * 8 // 6
    return encoded[first:last]
