"""What one would otherwise use, on the same rows: COPY, an INSERT a row, and Arrow with nothing around it."""

from __future__ import annotations

import io
from time import perf_counter

import pyarrow as pa
from django.db import connection, models
from pyarrow import csv, parquet

PRIMED_PEOPLE = 20
BATCH = 5_000


class Sample(models.Model):
    """One sample a row, as many backends keep them."""

    participant = models.IntegerField()
    time = models.BigIntegerField()
    x = models.FloatField()
    y = models.FloatField()
    z = models.FloatField()

    objects: models.Manager[Sample] = models.Manager()

    class Meta:
        app_label = "wellness_bench"
        indexes = [models.Index(fields=["participant", "time"], name="bench_sample_time")]

    def __str__(self) -> str:
        return f"{self.participant} {self.time}"


def prepare(n_primed: int) -> None:
    """The tables, indexed by person and time: empty for `insert`, with rows of other people for `copy`."""
    with connection.schema_editor() as editor:
        editor.create_model(Sample)
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_copied (participant integer NOT NULL DEFAULT 0, time bigint NOT NULL, "
            "x double precision, y double precision, z double precision)"
        )
        cursor.execute("CREATE INDEX ON bench_copied (participant, time)")
        cursor.execute(
            "INSERT INTO bench_copied SELECT person, 1767700000000 + 20 * n, random(), random(), random() "
            "FROM generate_series(1, %s) person, generate_series(1, %s) n",
            [PRIMED_PEOPLE, n_primed],
        )


def discard() -> None:
    """Remove the tables, so that PostgreSQL does not tidy them up while something else is measured."""
    with connection.schema_editor() as editor:
        editor.delete_model(Sample)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE bench_copied")


def copy(body: bytes) -> float:
    """Seconds that PostgreSQL takes to COPY a CSV into its table and commit."""
    began = perf_counter()
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY bench_copied (time, x, y, z) FROM STDIN (FORMAT csv, HEADER)") as into,
    ):
        into.write(body)
    return perf_counter() - began


def insert(table: pa.Table) -> float:
    """Seconds that Django takes to bulk_create a row a sample and commit."""
    began = perf_counter()
    Sample.objects.bulk_create([Sample(participant=0, **row) for row in table.to_pylist()], BATCH)
    return perf_counter() - began


def bare(body: bytes) -> float:
    """Seconds that Arrow takes, on one core, to read a CSV and write Parquet with zstd into memory."""
    began = perf_counter()
    table = csv.read_csv(io.BytesIO(body), csv.ReadOptions(use_threads=False))
    parquet.write_table(table, io.BytesIO(), compression="zstd")
    return perf_counter() - began
