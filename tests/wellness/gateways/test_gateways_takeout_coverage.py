"""A copy is of everything: what erasure knows of a person, the copy tells, or says why not."""

from wellness.consent.erasure import registry
from wellness.gateways.takeout.coverage import INSIDE, LEFT_OUT
from wellness.gateways.takeout.making import RECORDS


def test_every_row_that_erasure_knows_of_is_told_or_left_out_for_a_reason() -> None:
    known = {model._meta.label for model in registry.covered()}
    assert sorted(known ^ (INSIDE.keys() | LEFT_OUT.keys())) == []
    assert INSIDE.keys().isdisjoint(LEFT_OUT)


def test_what_is_told_is_told_in_a_file_that_exists() -> None:
    assert set(INSIDE.values()) <= {*RECORDS, "samples"}
