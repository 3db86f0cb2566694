"""Exports on disk, read as tables of texts, a piece at a time."""

from __future__ import annotations

import csv
import gzip
import io
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from wellness.gateways.converted import NotImportable

ROWS = 200_000
BLOCK_BYTES = 8 * 2**20
SQLITE_MAGIC = b"SQLite format 3\0"
_INTERNAL = ("sqlite_", "android_metadata")


def is_sqlite(path: Path) -> bool:
    """Whether the file is a SQLite database."""
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC


def csv_pieces(path: Path) -> Iterator[pa.Table]:
    """The rows of a CSV, gzipped when its name ends so, ROWS at most at a time."""
    with path.open("rb") as raw:
        yield from _csv(gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw, path.name)


def csv_bytes(content: bytes, name: str) -> pa.Table | None:
    """The rows of a CSV in memory, None when it is empty."""
    pieces = list(_csv(io.BytesIO(content), name))
    return pa.concat_tables(pieces) if pieces else None


def sqlite_tables(path: Path) -> list[str]:
    """The names of a database's own tables."""
    with closing(_connect(path)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [name for (name,) in rows if not name.startswith(_INTERNAL)]


def sqlite_pieces(path: Path, table: str) -> Iterator[pa.Table]:
    """The rows of one table, ROWS at most at a time; numbers become texts that read back as the same."""
    with closing(_connect(path)) as connection:
        cursor = connection.execute(f"SELECT * FROM {_quoted(table)}")  # nosec B608 # noqa: S608  a name cannot be a parameter
        names = [column[0] for column in cursor.description]
        while rows := cursor.fetchmany(ROWS):
            columns = zip(*rows, strict=True)
            yield pa.table({name: _texts(values) for name, values in zip(names, columns, strict=True)})


def members(path: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every file of a folder or zip, sorted: the parts of its path inside, and its name for `opened`."""
    if path.is_dir():
        for file in sorted(one for one in path.rglob("*") if one.is_file()):
            yield file.relative_to(path).parts, str(file)
    else:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if not name.endswith("/"):
                    yield tuple(name.split("/")), name


@contextmanager
def opened(path: Path) -> Iterator[Callable[[str], bytes]]:
    """What gives the bytes of a member of a folder or zip by its name; a zip's list is read once for all."""
    if path.is_dir():
        yield lambda name: Path(name).read_bytes()
    else:
        with zipfile.ZipFile(path) as archive:
            yield archive.read


def _csv(file: gzip.GzipFile | IO[bytes], name: str) -> Iterator[pa.Table]:
    head = file.readline()
    names = [one.strip() for one in next(csv.reader([head.decode("utf-8-sig").strip()]), [])]
    if not names:
        return
    if len(set(names)) != len(names):
        raise NotImportable(f"{name} names a column twice.")
    try:
        yield from _rows(file, names)
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            raise NotImportable(f"{name} is not a CSV: its rows and its header differ.") from None


def _rows(file: gzip.GzipFile | IO[bytes], names: list[str]) -> Iterator[pa.Table]:
    reader = arrow_csv.open_csv(
        file,
        arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=BLOCK_BYTES),
        arrow_csv.ParseOptions(newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    waiting: list[pa.RecordBatch] = []
    for batch in reader:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) >= ROWS:
            yield from _pieces(waiting)
            waiting = []
    yield from _pieces(waiting)


def _pieces(batches: list[pa.RecordBatch]) -> Iterator[pa.Table]:
    if batches:
        table = pa.Table.from_batches(batches)
        for start in range(0, table.num_rows, ROWS):
            yield table.slice(start, ROWS)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _texts(values: tuple[object, ...]) -> pa.Array:
    return pa.array([None if value is None or value == "" else _text(value) for value in values], pa.string())


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
