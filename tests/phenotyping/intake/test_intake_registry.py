"""What reading and gathering ask of the registry grows with what they need, not with how much there is."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import CharField
from django.db.models.functions import Cast

from phenotyping.intake.models import Chunk
from phenotyping.streams.catalogue import STREAM_NAMES
from tests.phenotyping.intake.conftest import NOON
from wellness.studies.models import Enrollment

DAY = timedelta(days=1)


@pytest.fixture
def years(ada: Enrollment) -> None:
    """Many days of chunks of every stream."""
    Chunk.objects.bulk_create(
        Chunk(
            enrollment=ada,
            stream=stream,
            first_at=NOON - n * DAY,
            last_at=NOON - n * DAY,
            n_rows=1,
            n_bytes=1,
            sealed_sha256="",
            sealed=b"x",
            key_epoch=1,
            consent_epoch=1,
        )
        for stream in STREAM_NAMES
        for n in range(100)
    )
    analyze()


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE phenotyping_intake_chunk")
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # as of a table that is larger


def test_reading_passes_over_nothing_older(ada: Enrollment, years: None) -> None:
    plan = Chunk.objects.live().spanning(ada, [*STREAM_NAMES], NOON - DAY, NOON).explain()
    assert "intake_chunk_reach" in plan
    bounds = ("last_at>?",) if connection.vendor == "sqlite" else ("Index Cond", "last_at >=", "first_at <")
    assert all(bound in plan for bound in bounds), plan


def test_fragments_are_found_among_fragments(ada: Enrollment, years: None) -> None:
    plan = Chunk.objects.fragments().filter(enrollment=ada, stream__in=STREAM_NAMES).explain()
    assert "intake_chunk_fragment" in plan


def test_rows_to_collect_are_found_among_rows_and_not_among_objects_that_stay(years: None) -> None:
    replaced = {"state": Chunk.State.SUPERSEDED, "state_at": NOON}
    few = list(Chunk.objects.values_list("pk", flat=True)[:5])
    name = Cast("public_id", CharField())
    Chunk.objects.exclude(pk__in=few).update(sealed=None, object_name=name, **replaced)
    Chunk.objects.filter(pk__in=few).update(**replaced)
    analyze()
    rows = Chunk.objects.superseded(NOON).filter(object_name=None).order_by("state_at", "pk")
    plan = rows[:500].explain()
    assert "intake_chunk_replaced_row" in plan, plan
