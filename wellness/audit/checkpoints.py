"""Signed heads of the record, in files outside the database: whoever rewrites entries cannot rewrite these.

A checkpoint says how many entries there were, in the order of their keys, and the root of the Merkle tree
over them. It holds what the next one needs (the frontier) and a fingerprint of each new entry, so that a
difference is named to the entry. Each line holds the digest of the one before; a month has a file.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from wellness.lib import signing
from wellness.lib.canonical import canonical
from wellness.lib.clock import from_us
from wellness.lib.merkle import Frontier

FINGERPRINT = 6  # bytes of an entry's hash: nobody makes another entry with the same ones by the minute
TAIL = 1 << 18


@dataclass(frozen=True)
class Checkpoint:
    """A head: of `size` entries up to the key `last_pk`. `restart` says why earlier ones count no further."""

    n: int
    at_us: int
    size: int
    root: str
    last_pk: int
    nodes: tuple[str, ...]
    leaves: str = ""
    previous: str = ""
    restart: str = ""
    kept: int = 0  # of a restart: how many entries from the first on are those of the checkpoints before
    kid: str = ""
    signature: str = ""

    @property
    def at(self) -> datetime:
        """When it was made."""
        return from_us(self.at_us)

    @property
    def frontier(self) -> Frontier:
        """What the next checkpoint goes on from."""
        return Frontier(self.size, tuple(map(bytes.fromhex, self.nodes)))

    @property
    def fingerprints(self) -> bytes:
        """Six bytes of each entry it added, one after the other."""
        return b64decode(self.leaves)

    @property
    def digest(self) -> str:
        """What the next one calls it by."""
        return hashlib.sha256(self.line).hexdigest()

    @property
    def line(self) -> bytes:
        """Its line in the file, without the end."""
        return canonical(asdict(self))

    def signed(self, key: Ed25519PrivateKey) -> Checkpoint:
        """The same under the site's signature."""
        named = {**asdict(self), "kid": signing.key_id(signing.public_bytes(key))}
        return Checkpoint.of(named | {"signature": b64encode(key.sign(_signed_part(named))).decode()})

    def is_signed_by(self, public: bytes) -> bool:
        """Whether the signature is of this key over all of it."""
        try:
            signing.verify(public, b64decode(self.signature), _signed_part(asdict(self)))
        except (signing.SignatureBroken, ValueError):
            return False
        return True

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Checkpoint:
        """The checkpoint of a line's JSON; TypeError when it is not one."""
        return cls(**{**fields, "nodes": tuple(fields["nodes"])})


def site_key() -> Ed25519PrivateKey:
    """The key that signs checkpoints."""
    return signing.signing_key(settings.AUDIT_KEY, "checkpoint")


def fingerprint(entry_hash: str) -> bytes:
    """What a checkpoint keeps of one entry."""
    return bytes.fromhex(entry_hash[: 2 * FINGERPRINT])


def read(*, since: datetime | None = None) -> Iterator[Checkpoint]:
    """Every checkpoint in order, or those from the month of `since` on; what is not a line is passed over."""
    for path in _files():
        if since is None or path.stem[-7:] >= f"{since:%Y-%m}":
            with path.open("rb") as file:
                yield from filter(None, map(_parsed, file))


def newest() -> Checkpoint | None:
    """The last whole line, or None when there is none."""
    for path in reversed(_files()):
        found = _last_of(path)
        if found is not None:
            return found
    return None


def sealing(pk: int) -> tuple[Checkpoint, Checkpoint | None] | None:
    """The checkpoint that sealed the entry with this key and the one it grew from; None when none did yet."""
    before: Checkpoint | None = None
    for path in _files():
        last = _last_of(path)
        if last is None or last.last_pk < pk:
            before = last or before
            continue
        with path.open("rb") as file:
            for one in filter(None, map(_parsed, file)):
                if one.last_pk >= pk:
                    return one, None if one.restart else before
                before = one
    return None


def append(made: Checkpoint) -> None:
    """Have the line on disk, after the others, when this returns."""
    folder = Path(settings.CHECKPOINT_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"audit-{made.at:%Y-%m}.jsonl"
    torn = _is_torn(path)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, (b"\n" if torn else b"") + made.line + b"\n")
        os.fsync(file)
    finally:
        os.close(file)
    parent = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def _is_torn(path: Path) -> bool:
    """Whether the last write to a file was cut short; its line then stays alone and counts for nothing."""
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"


def _signed_part(fields: dict[str, Any]) -> bytes:
    return canonical({name: value for name, value in fields.items() if name != "signature"})


def _files() -> list[Path]:
    return sorted(Path(settings.CHECKPOINT_DIR).glob("audit-????-??.jsonl"))


def _last_of(path: Path) -> Checkpoint | None:
    """The last line of a file, read from its end."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        back = TAIL
        while True:
            start = max(end - back, 0)
            file.seek(start)
            lines = file.read(end - start).split(b"\n")
            whole = lines[:-1] if start == 0 else lines[1:-1]
            found = next(filter(None, map(_parsed, reversed(whole))), None)
            if found is not None or start == 0:
                return found
            back *= 4


def _parsed(line: bytes) -> Checkpoint | None:
    try:
        return Checkpoint.of(json.loads(line))
    except (ValueError, TypeError, KeyError):
        return None
