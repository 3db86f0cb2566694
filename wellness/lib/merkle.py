"""Merkle trees as in RFC 9162, section 2.1, by hashes of leaves: root, inclusion and consistency proofs.

A tree of any size is carried on by its frontier: the roots of the complete subtrees it consists of, the
largest first, one for every 1 in the binary form of its size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEAF, NODE = b"\x00", b"\x01"
EMPTY = hashlib.sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf that holds these bytes."""
    return hashlib.sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return hashlib.sha256(NODE + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """A tree of `size` leaves, as far as it is needed to go on."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.nodes) != self.size.bit_count():
            raise ValueError("a frontier has one node for every 1 in its size")

    @property
    def root(self) -> bytes:
        """The hash of the whole tree."""
        if not self.nodes:
            return EMPTY
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root

    def extended(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier after these hashes of leaves."""
        size, nodes = self.size, list(self.nodes)
        for leaf in leaves:
            nodes.append(leaf)
            size += 1
            for _ in range((size & -size).bit_length() - 1):  # as many complete pairs end here
                right = nodes.pop()
                nodes[-1] = node_hash(nodes[-1], right)
        return Frontier(size, tuple(nodes))


class Grown:
    """A tree that grew from a frontier by leaves: proofs that need nothing of what was there before."""

    def __init__(self, before: Frontier, leaves: Sequence[bytes]) -> None:
        self.before, self.leaves = before, leaves
        self.size = before.size + len(leaves)
        self._known: dict[tuple[int, int], bytes] = {}
        start = 0
        for node in before.nodes:
            width = 1 << (before.size - start).bit_length() - 1
            self._known[start, start + width] = node
            start += width

    @property
    def root(self) -> bytes:
        """The hash of the whole tree."""
        return self._hash(0, self.size) if self.size else EMPTY

    def inclusion(self, index: int) -> list[bytes]:
        """The path that proves the leaf at `index`, one of those it grew by, to be in the tree."""
        if not self.before.size <= index < self.size:
            raise ValueError("that leaf is not among those the tree grew by")
        return self._path(index, 0, self.size)

    def consistency(self) -> list[bytes]:
        """The proof that the tree begins with the one it grew from; empty for a tree that grew from none."""
        if not self.before.size or not self.leaves:
            return []
        return self._proof(self.before.size, 0, self.size, whole=True)

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + _left(end - start)
        if index < middle:
            return [*self._path(index, start, middle), self._hash(middle, end)]
        return [*self._path(index, middle, end), self._hash(start, middle)]

    def _proof(self, size: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if size == end:
            return [] if whole else [self._hash(start, end)]
        middle = start + _left(end - start)
        if size <= middle:
            return [*self._proof(size, start, middle, whole=whole), self._hash(middle, end)]
        return [*self._proof(size, middle, end, whole=False), self._hash(start, middle)]

    def _hash(self, start: int, end: int) -> bytes:
        if (start, end) in self._known:
            return self._known[start, end]
        if start >= self.before.size and end - start == 1:
            return self.leaves[start - self.before.size]
        middle = start + _left(end - start)
        found = self._known[start, end] = node_hash(self._hash(start, middle), self._hash(middle, end))
        return found


def includes(*, root: bytes, size: int, leaf: bytes, index: int, path: Sequence[bytes]) -> bool:
    """Whether the path proves the hash of a leaf to be at `index` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for node in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(node, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, node)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def continues(*, old: bytes, old_size: int, new: bytes, new_size: int, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size in (0, new_size):
        return not proof and (old == new if old_size else old == EMPTY)
    nodes = [old, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not nodes:
        return False
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = node_hash(node, was), node_hash(node, now)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            now = node_hash(now, node)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old and now == new


def _left(size: int) -> int:
    """How many leaves are left of the root's middle: the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
