"""Samples as Parquet bytes: small by keeping each column in the smallest form that gives it back exactly.

A fragment of few rows is an Arrow stream until it is gathered: Parquet's footer would be most of it, and the
Parquet writer takes twenty times as long to start.
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import parquet

from phenotyping.intake.clocks import BOOT
from phenotyping.streams.catalogue import STREAMS

ZSTD_LEVEL = 1  # level 6 and up cost 4 to 10 times as much for 15 % (trust.md section 3.5)
FEW = 64  # rows up to which narrowing is not worth its time
MAX_DECIMALS = 8
MINUS_ZERO = -(2**31)  # what -0.0 is kept as among whole multiples, which have no such number
_SCALES = b"decimals"  # in the file: {column: k} of columns kept as whole multiples of 10^-k
_PARQUET = b"PAR1"
_WHOLE, _FLOATING = "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"
# Given, for otherwise Arrow looks at every stream whether the environment asks for something else.
_AS_USUAL = pa.ipc.IpcWriteOptions()


def encode(stream: str, table: pa.Table, *, lasting: bool = True) -> bytes:
    """The Parquet bytes of typed samples; the same samples give the same bytes.

    What does not last is written faster: whole multiples are packed by their differences and left at that.
    """
    columns, scales = {}, {}
    for name, values in zip(table.column_names, table.columns, strict=True):
        columns[name] = _whole(values)
        if pa.types.is_float64(values.type) and len(values) > FEW:
            columns[name], scales[name] = _narrowed(columns[name])
    narrow = pa.table(columns)
    squeezed = [name for name in columns if lasting or not pa.types.is_int32(narrow[name].type)]
    sink = pa.BufferOutputStream()
    with parquet.ParquetWriter(
        sink,
        narrow.schema,
        compression={name: "zstd" if name in squeezed else "none" for name in columns},
        compression_level=dict.fromkeys(squeezed, ZSTD_LEVEL),
        use_dictionary=[name for name in _texts(stream) if name in columns] or False,
        column_encoding=_encodings(narrow.schema),
        write_statistics=False,
        store_schema=False,
    ) as writer:
        writer.write_table(narrow)
        kept = {name: decimals for name, decimals in scales.items() if decimals}
        if kept:
            writer.add_key_value_metadata({_SCALES: json.dumps(kept, separators=(",", ":"))})
    plain: bytes = sink.getvalue().to_pybytes()
    return plain


def encode_fragment(stream: str, table: pa.Table) -> bytes:
    """The bytes of typed samples that will be gathered; the same samples give the same bytes."""
    if table.num_rows > FEW:
        return encode(stream, table, lasting=False)
    whole = pa.table({name: _whole(table[name]) for name in table.column_names})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, whole.schema, options=_AS_USUAL) as writer:
        writer.write_table(whole)
    plain: bytes = sink.getvalue().to_pybytes()
    return plain


def decode(stream: str, plain: bytes) -> pa.Table:
    """The typed samples in the bytes of either, as they were before, texts as dictionaries."""
    buffer = pa.py_buffer(plain)
    if not plain.startswith(_PARQUET):
        with pa.ipc.open_stream(buffer) as reader:
            return reader.read_all()
    metadata = parquet.read_metadata(pa.BufferReader(buffer))
    texts = [name for name in _texts(stream) if name in metadata.schema.names]
    file = parquet.ParquetFile(pa.BufferReader(buffer), metadata=metadata, read_dictionary=texts)
    table = file.read(use_threads=False)
    scales = json.loads((metadata.metadata or {}).get(_SCALES, b"{}"))
    reals = {column.name for column in STREAMS[stream].columns if column.kind == "real"}
    for at, name in enumerate(table.column_names):
        if name in reals and not pa.types.is_float64(table[name].type):
            table = table.set_column(at, name, _widened(table[name], scales.get(name, 0)))
    return table.replace_schema_metadata(None)


def _narrowed(values: pa.Array) -> tuple[pa.Array, int]:
    """The numbers as 32-bit whole multiples of 10^-k, and k; else as float32; else as they are."""
    numbers = (values.fill_null(0) if values.null_count else values).to_numpy()
    missing = values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None
    for decimals in _worth_trying(numbers[:FEW]):
        whole = _multiples(numbers, decimals)
        if whole is not None:
            return pa.array(whole, mask=missing), decimals
    with np.errstate(over="ignore", invalid="ignore"):
        short = numbers.astype(np.float32)
    exact = _same_bits(short.astype(np.float64), numbers)
    return (pa.array(short, mask=missing) if exact else values), 0


def _worth_trying(some: NDArray[np.float64]) -> list[int]:
    """How many decimals may do for all, going by some."""
    powers = 10.0 ** np.arange(MAX_DECIMALS + 1)[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        fits = (np.rint(some * powers) / powers == some).all(axis=1)
    return [int(decimals) for decimals in np.flatnonzero(fits)]


def _multiples(numbers: NDArray[np.float64], decimals: int) -> NDArray[np.int32] | None:
    """The numbers as whole multiples of 10^-decimals; None unless every bit comes back from them."""
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.rint(numbers * 10**decimals).astype(np.int32)
    if whole.size and whole.min() == MINUS_ZERO:
        return None
    back = whole / 10**decimals
    zeros = np.flatnonzero(whole == 0)
    minus = zeros[np.signbit(numbers[zeros])]
    whole[minus], back[minus] = MINUS_ZERO, -0.0
    return whole if _same_bits(back, numbers) else None


def _widened(values: pa.ChunkedArray, decimals: int) -> pa.ChunkedArray:
    numbers = values.cast(pa.float64())
    if not pa.types.is_int32(values.type):
        return numbers
    numbers = pc.divide(numbers, float(10**decimals)) if decimals else numbers
    minus_zero = pc.equal(values, MINUS_ZERO)
    return pc.if_else(minus_zero, -0.0, numbers) if pc.any(minus_zero).as_py() else numbers


def _same_bits(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Equal throughout, -0.0 told from 0.0 and one NaN from another."""
    return bool((a.view(np.int64) == b.view(np.int64)).all())


def _whole(values: pa.ChunkedArray) -> pa.Array:
    """One array, so that how it was pieced together does not show in the bytes."""
    whole = values.chunk(0) if values.num_chunks == 1 else values.unify_dictionaries().combine_chunks()
    return _used(whole) if pa.types.is_dictionary(whole.type) else whole


def _used(texts: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same texts, and none of rows that were refused or are kept elsewhere."""
    again = texts.indices.dictionary_encode()
    return pa.DictionaryArray.from_arrays(again.indices, texts.dictionary.take(again.dictionary))


def _encodings(schema: pa.Schema) -> dict[str, str]:
    found = {}
    for field in schema:
        if pa.types.is_integer(field.type):
            found[field.name] = _WHOLE
        elif pa.types.is_floating(field.type):
            found[field.name] = _FLOATING
    return found


def _texts(stream: str) -> list[str]:
    return [BOOT, *(column.name for column in STREAMS[stream].columns if column.kind in ("word", "text"))]
