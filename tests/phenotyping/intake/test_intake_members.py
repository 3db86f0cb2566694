"""A JSON object's members are found wherever spaces stand, and a key that is repeated is seen."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phenotyping.intake.decoding.json_members import members
from wellness.lib.refusal import Refusal

NAMES = ("a", "lux", "time", "duration_s")
SPACES = st.text(" \t\n\r", max_size=2)
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)
MEMBERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6)


def unknown(name: str) -> Refusal:
    return Refusal("unknown", name, status=422)


def written(pairs: list[tuple[str, object]], space: st.DataObject | None) -> bytes:
    """The object as JSON, with spaces anywhere or nowhere."""

    def gap() -> str:
        return space.draw(SPACES) if space else ""

    members = (
        f"{gap()}{json.dumps(name)}{gap()}:{gap()}{json.dumps(value, separators=(',', ':'))}{gap()}"
        for name, value in pairs
    )
    return f"{gap()}{{{','.join(members)}}}{gap()}".encode()


@given(pairs=MEMBERS, spaced=st.booleans(), data=st.data())
def test_members_are_found_or_a_repeated_key_is_refused(
    pairs: list[tuple[str, object]], spaced: bool, data: st.DataObject
) -> None:
    raw = written(pairs, data if spaced else None)
    if len(dict(pairs)) == len(pairs):
        found = {name: json.loads(bytes(value)) for name, value in members(raw, NAMES, unknown).items()}
        assert found == dict(pairs)
    else:
        with pytest.raises(Refusal, match="A key is repeated"):
            members(raw, NAMES, unknown)


@pytest.mark.parametrize("raw", [b'{"a":0,"a":0}', b'{"lux":1,"a":0,"a":0}', b'{"lux":1,"\\u0061":0,"a":0}'])
def test_the_shortest_repetition_is_seen(raw: bytes) -> None:
    with pytest.raises(Refusal, match="A key is repeated"):
        members(raw, NAMES, unknown)
