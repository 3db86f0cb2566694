"""The hash chains: what an entry's hash covers, and whether every chain is as it was written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from wellness.audit.models import AuditEntry, AuditHead
from wellness.lib.canonical import canonical
from wellness.lib.clock import to_us

START = "0" * 64
LEAF = b"\x00"  # keeps the hash of an entry apart from that of a Merkle node (RFC 9162)


@dataclass(frozen=True)
class BadEntry:
    """The first place where a chain is not what was written."""

    chain: str
    seq: int
    problem: str

    def __str__(self) -> str:
        return f"{self.chain} #{self.seq}: {self.problem}"


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256, in hex, over an entry's fields and the hash before it; sealed detail counts as ciphertext."""
    detail = None if entry.sealed_detail is None else hashlib.sha256(bytes(entry.sealed_detail)).hexdigest()
    fields = {
        "chain": entry.chain,
        "seq": entry.seq,
        "at": to_us(entry.at),
        "actor": entry.actor,
        "actor_kind": str(entry.actor_kind),
        "on_behalf_of": entry.on_behalf_of,
        "action": entry.action,
        "object": entry.object,
        "purpose": entry.purpose,
        "outcome": str(entry.outcome),
        "reason": entry.reason,
        "request_id": entry.request_id,
        "epoch": entry.epoch,
        "sealed_detail": detail,
        "prev": entry.prev_hash,
    }
    if entry.role is not None:
        fields["role"] = entry.role
    return hashlib.sha256(LEAF + canonical(fields)).hexdigest()


def verify() -> BadEntry | None:
    """The first bad entry, chain by chain, or None when every chain is whole."""
    heads = {head.chain: head for head in AuditHead.objects.all()}
    rows = AuditEntry.objects.order_by("chain", "seq").iterator(chunk_size=2000)
    for chain, entries in groupby(rows, key=lambda entry: entry.chain):
        bad = _verify_chain(chain, entries, heads.pop(chain, None))
        if bad:
            return bad
    for chain, head in heads.items():
        if head.seq:
            return BadEntry(chain, 1, "every entry of the chain is missing")
    return None


def _verify_chain(chain: str, entries: Iterator[AuditEntry], head: AuditHead | None) -> BadEntry | None:
    seq, last = 0, START
    for entry in entries:
        seq += 1
        if entry.seq != seq:
            return BadEntry(chain, seq, "the entry is missing")
        if entry.prev_hash != last:
            return BadEntry(chain, seq, "it does not follow the entry before")
        if entry_hash(entry) != entry.hash:
            return BadEntry(chain, seq, "its content was changed")
        last = entry.hash
    if head is None:
        return BadEntry(chain, seq, "the head of the chain is missing")
    if head.seq != seq:
        return BadEntry(chain, min(seq, head.seq) + 1, f"the head says #{head.seq}, the last entry is #{seq}")
    return None if head.hash == last else BadEntry(chain, seq, "the head holds another hash")
