"""Whether the record is what was written: files, chains and tree, in one pass over the entries."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from wellness.audit import checkpoints
from wellness.audit.chain import BadEntry, Chains, Row, rows
from wellness.audit.checkpoints import Checkpoint
from wellness.audit.models import AuditEntry, AuditHead
from wellness.audit.sealed import Sealed
from wellness.audit.sealer import disagreement
from wellness.lib import signing
from wellness.lib.merkle import Frontier

MONTH = timedelta(days=32)


@dataclass(frozen=True)
class BadCheckpoint:
    """A checkpoint that is not what was signed, or that the entries do not bear out."""

    n: int
    problem: str

    def __str__(self) -> str:
        return f"checkpoint {self.n}: {self.problem}"


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what is wrong with it, the first bad place first."""

    n_entries: int
    n_chains: int
    n_checkpoints: int
    n_sealed: int
    bad: list[BadEntry | BadCheckpoint]


def verify() -> BadEntry | None:
    """The first entry that breaks its chain, or None when every chain is whole by itself."""
    return _walk(Chains(), None, after=0)


def verify_all(*, since: datetime | None = None, trusted: Collection[bytes] = ()) -> Verified:
    """The whole record, or what was sealed after the last checkpoint before `since`."""
    found, base = _checkpoints(since)
    keys = {signing.key_id(one): one for one in (*trusted, _site_public())}
    bad: list[BadEntry | BadCheckpoint] = []
    bad += _first(_broken_files(found, keys, from_start=since is None))
    tree = Tree(Sealed.of(found[found.index(base) + 1 :] if base else found, after=base), base)
    chains = Chains(from_start=base is None)
    broken = _walk(chains, tree, after=base.last_pk if base else 0)
    bad = [*([broken] if broken else []), *([tree.bad] if tree.bad else []), *bad]
    return Verified(tree.index, len(chains.last), len(found), tree.sealed.size, bad)


class Tree:
    """The tree over the entries, grown along with reading them and held against what was sealed."""

    def __init__(self, sealed: Sealed, base: Checkpoint | None) -> None:
        self.sealed, self.index = sealed, base.size if base else 0
        self.bad: BadEntry | BadCheckpoint | None = None
        self._frontier = base.frontier if base else Frontier()
        self._leaves: list[bytes] = []

    def grow(self, row: Row) -> None:
        """Take in the next entry."""
        if self.bad:
            return
        if not self.sealed.allows(self.index, row.hash):
            self.bad = BadEntry(row.chain, row.seq, self._difference(row))
        self._leaves.append(bytes.fromhex(row.hash))
        self.index += 1
        made = self.sealed.roots.get(self.index)
        if made is not None:
            self._frontier, self._leaves = self._frontier.extended(self._leaves), []
            if not self.bad and self._frontier.root.hex() != made.root:
                self.bad = BadCheckpoint(made.n, f"the {made.size} entries it sealed are not these")

    def end(self) -> None:
        """Say so when fewer entries are left than were sealed."""
        if not self.bad and self.index < self.sealed.size:
            sealing = self.sealed.checkpoint_of(self.index)
            problem = (
                f"entry {self.index + 1} of the record is missing and all that were sealed after it, "
                f"{self.sealed.size - self.index} in all: rows were removed, or an older backup restored"
            )
            self.bad = BadCheckpoint(sealing.n if sealing else 0, problem)

    def _difference(self, row: Row) -> str:
        made = self.sealed.checkpoint_of(self.index)
        place = f"entry {self.index + 1} of the record, sealed by checkpoint {made.n if made else 0}"
        if self.sealed.follows_soon(self.index, row.hash):
            return f"one or more entries before it are missing ({place})"
        return f"it is not the entry that was sealed ({place})"


def _walk(chains: Chains, tree: Tree | None, *, after: int) -> BadEntry | None:
    for row in rows(after=after):
        bad = chains.follow(row)
        if bad:
            return bad
        if tree is not None:
            tree.grow(row)
    if tree is not None:
        tree.end()
    return _first_bad_end(chains, every=after == 0)


def _first_bad_end(chains: Chains, *, every: bool) -> BadEntry | None:
    """The first chain, of `every` one or of those followed, whose head does not agree with its last entry."""
    headless = set(chains.last)
    for name, seq, last in AuditHead.objects.order_by("chain").values_list("chain", "seq", "hash").iterator():
        headless.discard(name)
        bad = chains.ended(name, seq, last) if every or name in chains.last else None
        if bad and not _grew(name, chains.last.get(name, (0, ""))[0]):
            return bad
    for name in sorted(headless):
        return BadEntry(name, chains.last[name][0], "the head of the chain is missing")
    return None


def _grew(chain: str, seq: int) -> bool:
    """Whether a chain was only written on since it was followed to `seq`."""
    newer = AuditEntry.objects.filter(chain=chain, seq__gt=seq).order_by("-seq").values_list("seq", "hash")
    head = AuditHead.objects.filter(chain=chain, seq__gt=seq).filter(
        Q(seq=newer.values("seq")[:1], hash=newer.values("hash")[:1])
    )
    return head.exists() and newer.count() >= newer[0][0] - seq


def _checkpoints(since: datetime | None) -> tuple[list[Checkpoint], Checkpoint | None]:
    """The checkpoints to hold the record against, and the last one before `since`, to begin from."""
    found = list(checkpoints.read(since=since - MONTH if since else None))
    before = [one for one in found if since and one.at <= since]
    return found, before[-1] if before else None


def _broken_files(
    found: list[Checkpoint], keys: dict[str, bytes], *, from_start: bool
) -> Iterator[BadCheckpoint]:
    before: Checkpoint | None = None
    for one in found:
        n, link = (before.n + 1, before.digest) if before else (1 if from_start else one.n, one.previous)
        if one.n != n and not (before is None and one.restart):
            yield BadCheckpoint(n, "its line is missing")
        elif one.kid not in keys or not one.is_signed_by(keys[one.kid]):
            yield BadCheckpoint(one.n, "its signature is not the site's")
        elif one.previous != link:
            yield BadCheckpoint(one.n, "it does not follow the line before")
        before = one
    problem = disagreement()
    if problem:
        yield BadCheckpoint(before.n if before else 0, problem)


def _first(found: Iterator[BadCheckpoint]) -> list[BadCheckpoint]:
    return [one for one in [next(found, None)] if one]


def _site_public() -> bytes:
    return signing.public_bytes(checkpoints.site_key())
