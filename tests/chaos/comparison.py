"""What differs: the client's ledger, the server's, what is read back, and a run that nothing disturbed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.chaos.phone import Ledger, Row, Sending, account, kept

Facts = Mapping[str, Any]


def digest(rows: Sequence[Row]) -> list[Any]:
    """How many rows there are and a SHA-256 over them, whatever their order; doubled rows count."""
    plain = sorted(
        json.dumps([value if isinstance(value, str) else _number(value) for value in row]) for row in rows
    )
    return [len(rows), hashlib.sha256("\n".join(plain).encode()).hexdigest()]


def differences(sent: Sequence[Sending], ledger: Ledger, facts: Facts, calm: Facts) -> list[str]:
    """Everything that is not as it should be, in words; none is the proof."""
    found = [
        *ledger.wrong,
        *_receipts(sent, ledger, facts),
        *_rows(sent, facts),
        *_days(facts, calm),
        *(f"given up: {row}" for row in facts["dead"]),
        *(f"{which} object: {name}" for which, names in facts["objects"].items() for name in names),
        *(f"{command}: {said}" for command, said in facts["verified"].items() if said),
    ]
    if facts["chunks"]["quarantined"]:
        found.append(f"{facts['chunks']['quarantined']} chunks in quarantine")
    return found


def _receipts(sent: Sequence[Sending], ledger: Ledger, facts: Facts) -> Iterator[str]:
    """Each upload once on both sides, with the same receipt, and parts that say the same."""
    for unknown in facts["receipts"].keys() - {one.upload for one in sent}:
        yield f"{unknown}: an upload that nobody sent"
    for one in sent:
        receipt, held = ledger.receipts.get(one.upload), facts["receipts"].get(one.upload, [])
        if receipt is None:
            yield f"{one.upload}: the phone has no receipt"
        if len(held) != 1:
            yield f"{one.upload}: kept {len(held)} times"
        elif receipt is not None and held[0] != receipt:
            yield f"{one.upload}: another receipt is kept than was given"
        parts = {name: tuple(counts) for name, counts in facts["parts"].get(one.upload, {}).items()}
        if parts != account(one):
            yield f"{one.upload}: its parts say {parts}, the phone counts {account(one)}"


def _rows(sent: Sequence[Sending], facts: Facts) -> Iterator[str]:
    for person, streams in kept(sent).items():
        held = facts["rows"].get(person, {})
        for stream in sorted(streams.keys() | held.keys()):
            wanted = digest(streams.get(stream, []))
            if held.get(stream) != wanted:
                yield f"{person}, {stream}: read back {held.get(stream)}, sent {wanted}"


def _days(facts: Facts, calm: Facts) -> Iterator[str]:
    for person, days in calm["days"].items():
        for on in sorted(days.keys() | facts["days"][person].keys()):
            mine, theirs = facts["days"][person].get(on), days.get(on)
            if mine != theirs:
                yield f"{person}, {on}: the day is {mine}, undisturbed {theirs}"


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
