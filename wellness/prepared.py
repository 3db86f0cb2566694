"""Statements that are written once and run often.

The ORM takes ten times longer to write a short query than PostgreSQL to answer it; an upload needs a dozen.
These are written by the ORM all the same, with a `Given` wherever a value changes from one time to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.sql import UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

from wellness import keptplans

M = TypeVar("M", bound=Model)
Row = tuple[Any, ...]
_AS_THEY_ARE = {
    models.BigIntegerField,
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.DateTimeField,
    models.FloatField,
    models.ForeignKey,
    models.IntegerField,
    models.PositiveBigIntegerField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.TextField,
    models.UUIDField,
}  # whose values psycopg takes
Converter = Callable[[Any, Any, Any], Any]


class Given(Expression):
    """A value that is named when the statement runs, of the type of a model's field."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """A placeholder; the parameter is filled in by `_Written.rows`."""
        return "%s", [self]


@dataclass(frozen=True)
class _Written:
    """A statement for one kind of database."""

    sql: str
    params: Sequence[Any]
    converters: Mapping[int, tuple[Sequence[Converter], Any]]

    def rows(self, given: Mapping[str, Any], db: BaseDatabaseWrapper) -> list[Row]:
        """What the database answers now."""
        bound = [
            _prepared(one, given[one.name], db) if isinstance(one, Given) else one for one in self.params
        ]
        found = _answer(self.sql, bound, db)
        return [self._converted(row, db) for row in found] if self.converters else found

    def _converted(self, row: Row, db: BaseDatabaseWrapper) -> Row:
        values = list(row)
        for at, (converters, expression) in self.converters.items():
            for convert in converters:
                values[at] = convert(values[at], expression, db)
        return tuple(values)


class Select:
    """The rows of a queryset of values_list."""

    def __init__(self, queryset: Callable[[], QuerySet[Any, Any]]) -> None:
        self._queryset = queryset
        self._written: dict[str, _Written] = {}

    def rows(self, **given: Any) -> list[Row]:
        """What the database answers now."""
        db = _db()
        written = self._written.get(db.vendor) or self._write(db)
        return written.rows(given, db)

    def _write(self, db: BaseDatabaseWrapper) -> _Written:
        compiler = self._queryset().query.get_compiler(connection=db)
        sql, params = compiler.as_sql()
        expressions = [column for column, _, _ in compiler.select or ()]
        written = self._written[db.vendor] = _Written(sql, params, compiler.get_converters(expressions))
        return written


class Instances(Select, Generic[M]):
    """The instances of a queryset, those that foreign keys lead to loaded with them (all of them set)."""

    def __init__(self, queryset: Callable[[], QuerySet[M]], model: type[M], *related: str) -> None:
        self._shapes = list(_shapes(model, related))
        lookups = [lookup for shape in self._shapes for lookup in shape.lookups]
        super().__init__(lambda: queryset().values_list(*lookups))

    def found(self, **given: Any) -> list[M]:
        """Fresh instances of the rows there are now."""
        return [self._made(row) for row in self.rows(**given)]

    def _made(self, row: Row) -> M:
        made: dict[str, Model] = {}
        for shape in self._shapes:
            values, row = row[: len(shape.names)], row[len(shape.names) :]
            made[shape.path] = shape.model.from_db(DEFAULT_DB_ALIAS, shape.names, values)
            if shape.field:
                shape.field.set_cached_value(made[shape.parent], made[shape.path])
        return cast(M, made[""])


@dataclass(frozen=True)
class _Shape:
    """Which columns of a row make one instance, and which field of its parent it belongs to."""

    path: str
    parent: str
    model: type[Model]
    names: Sequence[str]
    lookups: Sequence[str]
    field: Any


def _shapes(model: type[Model], related: Iterable[str]) -> Iterable[_Shape]:
    models = {"": model}
    for path in ("", *related):
        parent, _, name = path.rpartition("__")
        field: Any = models[parent]._meta.get_field(name) if path else None
        models[path] = field.related_model if path else model
        names = [one.attname for one in models[path]._meta.concrete_fields]
        lookups = [f"{path}__{one}" if path else one for one in names]
        yield _Shape(path, parent, models[path], names, lookups, field)


class Update:
    """An UPDATE of a queryset's rows, `values` by field; `returning` names a field to tell of each."""

    def __init__(
        self, queryset: Callable[[], QuerySet[Any]], *, returning: str = "id", **values: Any
    ) -> None:
        self._queryset, self._returning, self._values = queryset, returning, values
        self._written: dict[str, _Written] = {}

    def run(self, **given: Any) -> list[Any]:
        """What that field holds in each row that it changed."""
        db = _db()
        written = self._written.get(db.vendor) or self._write(db)
        return [value for (value,) in written.rows(given, db)]

    def _write(self, db: BaseDatabaseWrapper) -> _Written:
        query: Any = self._queryset().query.chain(UpdateQuery)
        query.add_update_values(self._values)
        compiler = query.get_compiler(connection=db)
        sql, params = compiler.as_sql()
        field = query.model._meta.get_field(self._returning)
        sql += f" RETURNING {db.ops.quote_name(field.column)}"
        converters = compiler.get_converters([field.get_col(query.model._meta.db_table)])
        written = self._written[db.vendor] = _Written(sql, params, converters)
        return written


def insert(rows: Sequence[Model], *, conflict: str = "") -> None:
    """Keep new rows of one model in one statement, and give them their keys.

    `conflict` is what SQL does about a row that is there already ("ON CONFLICT …"), other than nothing.
    """
    if not rows:
        return
    db = _db()
    into = _into(type(rows[0]), db.vendor)
    sql = f"{into.head} {', '.join([into.row] * len(rows))} {conflict} {into.tail}"
    values = [value_of(one) for one in rows for value_of in into.values]
    for one, (pk,) in zip(rows, _answer(sql, values, db), strict=True):
        one.pk, one._state.adding, one._state.db = pk, False, DEFAULT_DB_ALIAS


@dataclass(frozen=True)
class _Into:
    """The parts of an INSERT of any number of rows, and how each value of a row is found."""

    head: str
    row: str
    tail: str
    values: Sequence[Callable[[Model], Any]]


@cache
def _into(model: type[Model], vendor: str) -> _Into:
    meta: Any = model._meta
    quoted = _db().ops.quote_name
    fields: list[Field[Any, Any]] = [one for one in meta.concrete_fields if one is not meta.auto_field]
    names = ", ".join(quoted(str(field.column)) for field in fields)
    return _Into(
        head=f"INSERT INTO {quoted(meta.db_table)} ({names}) VALUES",
        row=f"({', '.join(['%s'] * len(fields))})",
        tail=f"RETURNING {quoted(meta.pk.column)}",
        values=[_value_of(field, vendor) for field in fields],
    )


def _value_of(field: Field[Any, Any], vendor: str) -> Callable[[Model], Any]:
    """What a field's value is found with: as it stands where the driver takes it so, for that is quick."""
    made_now = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    if _as_it_is(field, vendor) and not made_now:
        return attrgetter(field.attname)
    return lambda row: field.get_db_prep_save(field.pre_save(row, add=True), _db())


def _prepared(given: Given, value: Any, db: BaseDatabaseWrapper) -> Any:
    field: Field[Any, Any] = given.output_field
    return value if _as_it_is(field, db.vendor) else field.get_db_prep_value(value, db, prepared=False)


def _as_it_is(field: Field[Any, Any], vendor: str) -> bool:
    return vendor == "postgresql" and type(field) in _AS_THEY_ARE


def _answer(sql: str, params: Sequence[Any], db: BaseDatabaseWrapper) -> list[Row]:
    """What the database says to a statement; PostgreSQL keeps the plan where it may."""
    if keptplans.can_keep(db):
        return keptplans.rows(sql, params, db)
    with db.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[Row] = cursor.fetchall()
        return found


def _db() -> BaseDatabaseWrapper:
    """This thread's connection itself: what Django names so looks it up at every attribute."""
    return connections[DEFAULT_DB_ALIAS]
