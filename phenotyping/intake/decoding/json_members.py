"""The members of a JSON object, their values left as bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

import msgspec
import numpy as np

from phenotyping.intake.faults import fault
from wellness.lib.refusal import Refusal

SKELETON_BYTES = 64 * 2**10
ABSENT = msgspec.Raw(b"")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$\[\d+\]`)?$", re.DOTALL)


def members(
    raw: bytes | msgspec.Raw, names: Iterable[str], unknown: Callable[[str], Refusal], stream: str = ""
) -> dict[str, msgspec.Raw]:
    """The values by key, as views on the same memory; Refusal when it is no object or repeats a key.

    A key that is none of `names` ends the reading with the refusal `unknown` makes of it.
    """
    read = _reader(tuple(names))
    try:
        values = read(raw)
    except msgspec.ValidationError as error:
        if name := unknown_name(error):
            raise unknown(name) from None
        raise fault("wrong_type", "An object was expected.", stream=stream) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise bad_json() from None
    found = {name: value for name, value in msgspec.structs.asdict(values).items() if value is not ABSENT}
    if _has_room_for_more(raw, found) and _n_keys(raw, found.values()) != len(found):
        raise fault("bad_json", "A key is repeated.", stream=stream, status=400)
    return found


def bad_json(stream: str = "") -> Refusal:
    """The refusal of a body that is not JSON as RFC 8259 has it."""
    return fault("bad_json", "The body is not valid JSON.", stream=stream, status=400)


def unknown_name(error: msgspec.ValidationError) -> str:
    """The key that msgspec found and no field has; nothing when that is not what was wrong."""
    found = _UNKNOWN.match(str(error))
    return found[1] if found else ""


@cache
def _reader(names: tuple[str, ...]) -> Callable[[bytes | msgspec.Raw], msgspec.Struct]:
    """Reads an object of those members; a key that is none of them is refused where it stands."""
    shape = msgspec.defstruct(
        "Members", [(name, msgspec.Raw, ABSENT) for name in names], forbid_unknown_fields=True
    )
    return msgspec.json.Decoder(shape).decode


def _has_room_for_more(raw: bytes | msgspec.Raw, found: Mapping[str, msgspec.Raw]) -> bool:
    """Whether the object is long enough for one more member, which would repeat a key of those found.

    Written without spaces, as most phones do, it is not; and then it need not be read once more.
    """
    needed = sum(len(name) + len(memoryview(value)) + len('"":,') for name, value in found.items())
    spare = len(memoryview(raw)) - (needed - len(",") + len("{}"))
    return spare >= min(map(len, found), default=0) + len('"":0,')


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
