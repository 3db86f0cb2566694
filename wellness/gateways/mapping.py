"""Tables of other systems, as texts, to the columns of our streams: what each column is made of, as data."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

Read = Callable[[pa.Array, bytes], pa.Array]
"""How a source column of texts becomes ours; the key is the secret that addresses are hashed with."""

NUMBER = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"
HASH_CHARACTERS = 32


@dataclass(frozen=True)
class Field:
    """One column of ours: the source columns it may come from, the first present one counts, and how."""

    column: str
    sources: tuple[str, ...]
    read: Read


@dataclass(frozen=True)
class Shape:
    """How one table becomes rows of one stream. `known` are source columns that carry nothing for it."""

    stream: str
    fields: tuple[Field, ...]
    known: frozenset[str] = frozenset()
    constants: Mapping[str, object] = field(default_factory=dict)

    def unknown(self, names: Iterable[str]) -> set[str]:
        """Source columns that neither this shape nor the time reads."""
        return set(names) - self.known - {source for one in self.fields for source in one.sources}

    def rows(self, table: pa.Table, time_ms: pa.Array, key: bytes) -> pa.Table:
        """The table as intake takes it; a column without a source is left out."""
        columns = {"time": time_ms}
        for one in self.fields:
            source = next((name for name in one.sources if name in table.column_names), None)
            if source is not None:
                columns[one.column] = one.read(table[source].combine_chunks(), key)
        for name, value in self.constants.items():
            columns[name] = pa.array([value] * table.num_rows)
        return pa.table(columns)


def number(scale: float = 1, *, negative_is_missing: bool = False) -> Read:
    """Reads decimal numbers, multiplied by `scale`; what is no number is missing."""

    def read(texts: pa.Array, key: bytes) -> pa.Array:
        values = numbers(texts)
        if negative_is_missing:  # how iOS says that it does not know
            values = pc.if_else(pc.less(values, 0), None, values)
        return values if scale == 1 else pc.multiply(values, float(scale))

    return read


def words(codes: Mapping[str, str]) -> Read:
    """Reads words by a table of codes; a code that it lacks stays as it is, for intake to refuse."""

    def read(texts: pa.Array, key: bytes) -> pa.Array:
        plain = pc.utf8_trim_whitespace(texts)
        plain = pc.replace_substring_regex(plain, r"\.0+$", "")  # codes that a table library made floats of
        index = pc.index_in(plain, pa.array(list(codes), pa.string()))
        return pc.coalesce(pc.take(pa.array(list(codes.values()), pa.string()), index), plain)

    return read


def text(texts: pa.Array, key: bytes) -> pa.Array:
    """Reads a text as it is; an empty one is missing."""
    return pc.if_else(pc.equal(texts, ""), None, texts)


def pseudonym(texts: pa.Array, key: bytes) -> pa.Array:
    """Reads an address or number as its keyed hash: equal ones stay equal, and none can be looked up."""
    coded = text(texts, key).dictionary_encode()
    hashes = [_hash(key, value) for value in coded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(hashes, pa.string())).cast(pa.string())


def numbers(texts: pa.Array) -> pa.Array:
    """The texts as float64; null for what is no finite decimal number."""
    valid = pc.match_substring_regex(texts, NUMBER)
    return pc.cast(pc.utf8_trim_whitespace(pc.if_else(valid, texts, None)), pa.float64())


def _hash(key: bytes, value: str) -> str:
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:HASH_CHARACTERS]
