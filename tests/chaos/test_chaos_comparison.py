"""The proof would notice: each single thing that is not as it should be is named."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.chaos.comparison import differences, digest
from tests.chaos.phone import Ledger, Sending, account, kept, sendings

SENT = sendings(3, 12, ["ada", "bo"])
FIRST = SENT[0].upload
Facts = dict[str, Any]


def _receipt(one: Sending) -> dict[str, Any]:
    streams = {
        name: {"sent": n, "stored": stored, "refused": refused}
        for name, (n, stored, refused) in account(one).items()
    }
    return {"upload": one.upload, "streams": streams}


@pytest.fixture
def ledger() -> Ledger:
    """Of phones that got every receipt."""
    return Ledger({one.upload: _receipt(one) for one in SENT})


def _right() -> Facts:
    """What a server says that lost nothing."""
    return {
        "receipts": {one.upload: [_receipt(one)] for one in SENT},
        "parts": {one.upload: {name: list(n) for name, n in account(one).items()} for one in SENT},
        "rows": {who: {name: digest(rows) for name, rows in own.items()} for who, own in kept(SENT).items()},
        "days": {"ada": {"2026-01-06": ["values"]}, "bo": {}},
        "dead": [],
        "chunks": {"quarantined": 0},
        "objects": {"unnamed": [], "gone": []},
        "verified": {"ledger_verify": ""},
    }


def test_nothing_is_found_where_nothing_is_wrong(ledger: Ledger) -> None:
    assert differences(SENT, ledger, _right(), _right()) == []


def _a_row_less(facts: Facts) -> None:
    stream, rows = next(iter(kept(SENT)["ada"].items()))
    facts["rows"]["ada"][stream] = digest(rows[1:])


def _a_row_twice(facts: Facts) -> None:
    stream, rows = next(iter(kept(SENT)["ada"].items()))
    facts["rows"]["ada"][stream] = digest([*rows, rows[0]])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda facts: facts["receipts"].pop(FIRST),
        lambda facts: facts["receipts"][FIRST].append(_receipt(SENT[0])),
        lambda facts: facts["receipts"][FIRST][0].update(received_at="later"),
        lambda facts: facts["receipts"].update(other=[_receipt(SENT[1])]),
        lambda facts: facts["parts"].pop(FIRST),
        _a_row_less,
        _a_row_twice,
        lambda facts: facts["days"]["ada"].update({"2026-01-06": ["other values"]}),
        lambda facts: facts["days"]["bo"].update({"2026-01-06": ["values"]}),
        lambda facts: facts["dead"].append("Day 1"),
        lambda facts: facts["chunks"].update(quarantined=1),
        lambda facts: facts["objects"]["gone"].append("a/b/c"),
        lambda facts: facts["objects"]["unnamed"].append("a/b/c"),
        lambda facts: facts["verified"].update(ledger_verify="stream gps of ada"),
    ],
)
def test_one_thing_that_is_wrong_is_found(ledger: Ledger, spoil: Callable[[Facts], None]) -> None:
    facts = deepcopy(_right())
    spoil(facts)
    assert len(differences(SENT, ledger, facts, _right())) == 1


def test_an_upload_without_a_receipt_is_found(ledger: Ledger) -> None:
    del ledger.receipts[FIRST]
    assert differences(SENT, ledger, _right(), _right()) == [f"{FIRST}: the phone has no receipt"]
