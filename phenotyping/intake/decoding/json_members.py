"""The members of a JSON object, their values left as bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec
import numpy as np

from phenotyping.intake.faults import fault
from wellness.lib.refusal import Refusal

SKELETON_BYTES = 64 * 2**10


def members(raw: bytes | msgspec.Raw, stream: str = "") -> dict[str, msgspec.Raw]:
    """The values by key, as views on the same memory; Refusal when it is no object or repeats a key."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise fault("wrong_type", "An object was expected.", stream=stream) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise bad_json() from None
    if _n_keys(raw, found.values()) != len(found):
        raise fault("bad_json", "A key is repeated.", stream=stream, status=400)
    return found


def bad_json(stream: str = "") -> Refusal:
    """The refusal of a body that is not JSON as RFC 8259 has it."""
    return fault("bad_json", "The body is not valid JSON.", stream=stream, status=400)


def _n_keys(raw: bytes | msgspec.Raw, values: Iterable[msgspec.Raw]) -> int:
    """How many members the object has; 0 when too much is left of it without the values found.

    Of members with one key a decoder keeps the last and drops the others, which here would be lost data.
    What is left when the kept values are cut out is small, unless some were dropped.
    """
    whole, base = memoryview(raw), _address(raw)
    skeleton, end = bytearray(), 0
    for start, size in sorted((_address(value) - base, len(memoryview(value))) for value in values):
        skeleton += bytes(whole[end:start]) + b"0"
        end = start + size
        if len(skeleton) > SKELETON_BYTES:
            return 0
    skeleton += whole[end : end + SKELETON_BYTES]
    try:
        return len(json.loads(skeleton, object_pairs_hook=list))
    except (ValueError, RecursionError):
        return 0


def _address(raw: bytes | msgspec.Raw) -> int:
    return int(np.frombuffer(raw, np.uint8).ctypes.data)
