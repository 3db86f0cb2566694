"""What the checkpoints together say the record must be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from wellness.audit.checkpoints import FINGERPRINT, Checkpoint, fingerprint


@dataclass
class Sealed:
    """The fingerprint of each entry in order, from the `first` on, and the root after some of them."""

    first: int = 0
    prints: bytearray = field(default_factory=bytearray)
    unknown: list[range] = field(default_factory=list)  # entries known only by a root after them
    roots: dict[int, Checkpoint] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Iterable[Checkpoint], *, after: Checkpoint | None = None) -> Sealed:
        """What these checkpoints say, in order; `after` is the one before the first of them."""
        sealed = cls(first=after.size if after else 0)
        for one in found:
            sealed.add(one)
        return sealed

    @property
    def size(self) -> int:
        """How many entries there must be at least."""
        return self.first + len(self.prints) // FINGERPRINT

    def add(self, one: Checkpoint) -> None:
        """Take in the next checkpoint; after a restart the earlier ones count as far as they were kept."""
        if one.restart:
            self._cut(one.kept)
            self.unknown.append(range(self.size, one.size))
            self.prints.extend(bytes((one.size - self.size) * FINGERPRINT))
        else:
            self.prints.extend(one.fingerprints)
        self.roots[one.size] = one

    def allows(self, index: int, entry_hash: str) -> bool:
        """Whether the entry at `index` may have this hash."""
        at = (index - self.first) * FINGERPRINT
        if not 0 <= at < len(self.prints) or (self.unknown and self._is_unknown(index)):
            return True
        return self.prints[at : at + FINGERPRINT] == fingerprint(entry_hash)

    def follows_soon(self, index: int, entry_hash: str, within: int = 1_000) -> bool:
        """Whether this entry was sealed a little later than at `index`: what stood before it is missing."""
        ahead = range(index + 1, min(index + within, self.size))
        return any(not self._is_unknown(i) and self.allows(i, entry_hash) for i in ahead)

    def checkpoint_of(self, index: int) -> Checkpoint | None:
        """The checkpoint that sealed the entry at `index`."""
        return next((self.roots[size] for size in sorted(self.roots) if size > index), None)

    def _is_unknown(self, index: int) -> bool:
        return any(index in one for one in self.unknown)

    def _cut(self, kept: int) -> None:
        del self.prints[max(kept - self.first, 0) * FINGERPRINT :]
        self.unknown = [range(one.start, min(one.stop, kept)) for one in self.unknown if one.start < kept]
        self.roots = {size: one for size, one in self.roots.items() if size <= kept}
