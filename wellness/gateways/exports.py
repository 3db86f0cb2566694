"""The exports that can be imported: a path and a format to pieces of converted rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa

from wellness.gateways import aware, beiwe, files
from wellness.gateways.converted import Converted, NotImportable
from wellness.gateways.importing import Export

FORMATS = ("aware", "beiwe")
_CSV = (".csv", ".csv.gz")
_DATABASE = (".sqlite", ".sqlite3", ".db")

Pieces = Callable[[], Iterator[pa.Table]]


def export(format: str, path: Path, key: bytes, *, stream: str = "", platform: str = "android") -> Export:  # noqa: A002
    """The export at `path`; NotImportable when nothing there can be read without guessing."""
    if not path.exists():
        raise NotImportable(f"There is nothing at {path}.")
    if format == "beiwe":
        return partial(_beiwe, path, key)
    return partial(_aware, _aware_tables(path, stream), key, platform)


def _aware_tables(path: Path, stream: str) -> list[tuple[str, Pieces]]:
    """Table name and rows of every table in a CSV, a database, or a folder of them."""
    if path.is_dir():
        inside = sorted(one for one in path.iterdir() if one.name.endswith((*_CSV, *_DATABASE)))
        if not inside:
            raise NotImportable(f"There is no CSV and no SQLite database in {path}.")
        return [table for one in inside for table in _aware_tables(one, stream)]
    if files.is_sqlite(path):
        names = {name: aware.table_named(name) for name in files.sqlite_tables(path)}
        wanted = aware.table_named(stream) if stream else None
        return [
            (table, partial(files.sqlite_pieces, path, name))
            for name, table in names.items()
            if wanted in (None, table)
        ]
    return [(aware.table_named(stream or path.name), partial(files.csv_pieces, path))]


def _aware(tables: list[tuple[str, Pieces]], key: bytes, platform: str) -> Iterator[Converted]:
    for name, pieces in tables:
        rows = pieces()
        if name in aware.WHOLE:
            rows = iter([pa.concat_tables(found)] if (found := list(rows)) else [])
        for piece in rows:
            yield aware.convert(name, piece, key, platform)


def _beiwe(path: Path, key: bytes) -> Iterator[Converted]:
    """One piece for every stream and UTC day, so that an export that has grown since shares its days."""
    days: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    people: set[str] = set()
    for parts, name in files.members(path):
        person, stream = _person_and_stream(parts)
        if stream is None:
            continue
        people.add(person)
        if parts[-1].endswith(".csv"):
            days[stream, parts[-1][:10]].append(name)
    if not days:
        raise NotImportable(f"There is no {{patient}}/{{stream}}/{{hour}}.csv in {path}.")
    with files.opened(path) as content:
        for (stream, _), names in sorted(days.items()):
            tables = [files.csv_bytes(content(name), name) for name in names]
            found = [table for table in tables if table is not None]
            if found:
                whole = pa.concat_tables(found, promote_options="default")
                one = beiwe.convert(stream, whole, key)
                yield Converted(one.parts, frozenset(people), one.left_out, one.unknown_columns)


def _person_and_stream(parts: tuple[str, ...]) -> tuple[str, str | None]:
    """Whose file it is and of which stream; (.., None) for what lies beside the streams."""
    known = beiwe.IMPORTED | beiwe.NOT_IMPORTED
    if len(parts) < 2:
        return "", None  # "registry", a manifest
    if parts[0] in known:
        return "", parts[0]  # the folder of one patient
    if len(parts) == 2:
        return parts[0], None
    if parts[1] not in known:
        raise NotImportable(f"Beiwe has no stream named {parts[1]}.")
    return parts[0], parts[1]
