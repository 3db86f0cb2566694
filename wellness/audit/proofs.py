"""Proofs that anybody can check with the public key: an entry was sealed, a head continues an earlier."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from wellness.audit import checkpoints
from wellness.audit.chain import Row, canonical_row
from wellness.audit.checkpoints import Checkpoint
from wellness.audit.models import AuditEntry
from wellness.lib import signing
from wellness.lib.merkle import Frontier, Grown
from wellness.lib.refusal import Refusal


def inclusion(*, chain: str, seq: int) -> dict[str, Any]:
    """An entry's leaf, its path to the root of the checkpoint that sealed it, and that signed checkpoint."""
    entry = AuditEntry.objects.filter(chain=chain, seq=seq).first()
    if entry is None:
        raise Refusal("unknown_entry", "There is no such entry.", status=404)
    row = Row.of(entry)
    found = checkpoints.sealing(row.id)
    if found is None:
        message = "The entry is in no checkpoint yet; ask in a minute."
        raise Refusal("not_sealed", message, status=409, retry=True)
    made, before = found
    keys, leaves = _leaves(before.last_pk if before else 0, made.last_pk)
    grown = Grown(before.frontier if before else Frontier(), leaves)
    index = grown.before.size + keys.index(row.id)
    return {
        "entry": canonical_row(row).decode(),
        "leaf": row.hash,
        "index": index,
        "path": [node.hex() for node in grown.inclusion(index)],
        "checkpoint": _public(made),
    }


def consistency(first: int, second: int) -> dict[str, Any]:
    """The proof that the later of two checkpoints begins with the entries of the earlier."""
    found = {one.n: one for one in checkpoints.read() if one.n in (first, second)}
    if len(found) != 2 or first > second:  # noqa: PLR2004  both of them
        raise Refusal("unknown_checkpoint", "There are no such checkpoints.", status=404)
    old, new = found[first], found[second]
    grown = Grown(old.frontier, _leaves(old.last_pk, new.last_pk)[1])
    proof = [node.hex() for node in grown.consistency()]
    return {"first": _public(old), "second": _public(new), "proof": proof}


def _leaves(after: int, upto: int) -> tuple[list[int], list[bytes]]:
    rows = AuditEntry.objects.filter(pk__gt=after, pk__lte=upto).order_by("pk").values_list("pk", "hash")
    found = list(rows)
    return [pk for pk, _ in found], [bytes.fromhex(value) for _, value in found]


def _public(made: Checkpoint) -> dict[str, Any]:
    """A checkpoint as its line says it, and the key that signed it."""
    public = signing.public_bytes(checkpoints.site_key())
    return {
        "n": made.n,
        "at": made.at.isoformat(),
        "size": made.size,
        "root": made.root,
        "line": b64encode(made.line).decode(),
        "public_key": public.hex(),
    }
