"""The hash chains: what an entry's hash covers, and following every chain at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring as text  # a JSON string, as `canonical` writes it
from typing import Any, NamedTuple

from django.db import connection

from wellness.audit.models import AuditEntry
from wellness.lib.clock import to_us
from wellness.lib.merkle import LEAF

START = "0" * 64
CHUNK = 5_000


@dataclass(frozen=True)
class BadEntry:
    """A place where a chain is not what was written."""

    chain: str
    seq: int
    problem: str

    def __str__(self) -> str:
        return f"{self.chain} #{self.seq}: {self.problem}"


class Row(NamedTuple):
    """An entry as it is read to be verified: the names of its columns, in the order they are asked for."""

    id: int
    hash: str
    chain: str
    seq: int
    at_us: int
    actor: str
    actor_kind: str
    on_behalf_of: str
    action: str
    object: str
    purpose: str
    outcome: str
    reason: str
    request_id: str
    role: str | None
    epoch: int | None
    sealed_detail: bytes | None
    prev_hash: str

    @classmethod
    def of(cls, entry: AuditEntry) -> Row:
        """The row of an entry."""
        values = {name: getattr(entry, name) for name in cls._fields if name != "at_us"}
        plain = {"actor_kind": str(entry.actor_kind), "outcome": str(entry.outcome)}
        return cls(**values | plain, at_us=to_us(entry.at))


def rows(*, after: int) -> Iterator[Row]:
    """Every entry whose key is above `after`, by key; the ORM would take as long again."""
    postgres = connection.vendor == "postgresql"
    at = "(extract(epoch FROM at) * 1000000)::bigint" if postgres else "at"
    columns = ", ".join(at if name == "at_us" else name for name in Row._fields)
    table = f'"{AuditEntry._meta.db_table}"'
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} WHERE id > %s ORDER BY id", [after])  # nosec B608 # noqa: S608
        while chunk := cursor.fetchmany(CHUNK):
            yield from map(Row._make, chunk) if postgres else map(_of_sqlite, chunk)


def _of_sqlite(values: tuple[Any, ...]) -> Row:
    row = Row._make(values)
    try:
        at_us = to_us(datetime.fromisoformat(str(row.at_us)).replace(tzinfo=UTC))
    except ValueError:  # not a time any more: its hash will not fit
        at_us = -1
    return row._replace(at_us=at_us)


def canonical_row(row: Row) -> bytes:
    """The canonical JSON of an entry's fields and the hash before it; sealed detail counts as ciphertext.

    `wellness.lib.canonical` gives the same bytes; here a million are written in seconds.
    """
    (_, _, chain, seq, at_us, actor, kind, behalf, action, about, purpose, outcome, reason, request, role,
     epoch, sealed, prev) = row  # fmt: skip
    detail = "null" if sealed is None else f'"{hashlib.sha256(sealed).hexdigest()}"'
    in_role = "" if role is None else f'"role":{text(role)},'
    return (
        f'{{"action":{text(action)},"actor":{text(actor)},"actor_kind":{text(kind)},"at":{at_us},'
        f'"chain":{text(chain)},"epoch":{"null" if epoch is None else epoch},"object":{text(about)},'
        f'"on_behalf_of":{text(behalf)},"outcome":{text(outcome)},"prev":{text(prev)},'
        f'"purpose":{text(purpose)},"reason":{text(reason)},"request_id":{text(request)},'
        f'{in_role}"sealed_detail":{detail},"seq":{seq}}}'
    ).encode()


def row_hash(row: Row) -> str:
    """SHA-256, in hex, of a row as a leaf of a Merkle tree (RFC 9162)."""
    return hashlib.sha256(LEAF + canonical_row(row)).hexdigest()


def entry_hash(entry: AuditEntry) -> str:
    """The hash that an entry of these values has."""
    return row_hash(Row.of(entry))


class Chains:
    """How far each chain was followed."""

    def __init__(self, *, from_start: bool = True) -> None:
        self._from_start = from_start
        self.last: dict[str, tuple[int, str]] = {}

    def follow(self, row: Row) -> BadEntry | None:
        """What is wrong with the next entry of a chain, or None when it is what was written."""
        seq, before = self.last.get(row.chain, (0, START))
        if not seq and not self._from_start:
            seq, before = row.seq - 1, row.prev_hash
        if row.seq != seq + 1:
            problem = "the entry is missing" if row.seq > seq + 1 else f"#{row.seq} follows in its place"
            return BadEntry(row.chain, seq + 1, problem)
        if row.prev_hash != before:
            return BadEntry(row.chain, row.seq, "it does not follow the entry before")
        if row_hash(row) != row.hash:
            return BadEntry(row.chain, row.seq, "its content was changed")
        self.last[row.chain] = (row.seq, row.hash)
        return None

    def ended(self, chain: str, head_seq: int, head_hash: str) -> BadEntry | None:
        """What is wrong with the end of a chain, by its head."""
        seq, last = self.last.get(chain, (0, START))
        if not seq and head_seq:
            return BadEntry(chain, 1, "every entry of the chain is missing")
        if head_seq != seq:
            problem = f"the head says #{head_seq}, the last entry is #{seq}"
            return BadEntry(chain, min(seq, head_seq) + 1, problem)
        return None if head_hash == last else BadEntry(chain, seq, "the head holds another hash")
