import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellness.lib.canonical import canonical, digest

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = st.recursive(
    LEAVES, lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4)
)


def test_a_worked_example() -> None:
    assert canonical({"b": [1, 2.5, None], "a": "ä"}) == '{"a":"ä","b":[1,2.5,null]}'.encode()


def test_the_digest_is_that_of_the_published_empty_object() -> None:
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@given(st.dictionaries(st.text(), LEAVES, max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, Any]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


@given(VALUES)
def test_reading_it_back_and_writing_it_again_gives_the_same_bytes(value: Any) -> None:
    try:
        written = canonical(value)
    except UnicodeEncodeError:
        return  # a lone surrogate has no UTF-8 form
    assert canonical(json.loads(written)) == written


@pytest.mark.parametrize("bad", [math.nan, math.inf, [{"a": -math.inf}], {1: "one"}])
def test_what_has_no_canonical_form_is_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(bad)
