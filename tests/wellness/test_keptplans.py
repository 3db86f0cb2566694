"""Plans that PostgreSQL keeps: the same answers and errors, and nothing kept of anybody else's statements."""

from typing import Any

import pytest
from django.db import DataError, connection, transaction
from django.db.models import BigIntegerField

from wellness import keptplans
from wellness.prepared import Given, Select
from wellness.studies.models import Study

ON_POSTGRESQL = pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps plans")


def by_id() -> Select:
    return Select(
        lambda: Study.objects.filter(pk=Given("study", BigIntegerField())).values_list("slug", "created_at")
    )


def kept_names() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%studies_study%%'")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("kept", [True, False])
def test_the_answer_is_the_same_however_often(study: Study, settings: Any, kept: bool) -> None:
    settings.PREPARED_STATEMENTS = kept
    asked = by_id()
    for _ in range(5):
        assert asked.rows(study=study.pk) == [(study.slug, study.created_at)]
    assert asked.rows(study=0) == []


@ON_POSTGRESQL
def test_the_third_run_has_a_name_and_django_s_own_have_none(study: Study) -> None:
    before, kept = kept_names(), by_id()
    for _ in range(5):
        kept.rows(study=study.pk)
        assert Study.objects.get(pk=study.pk) == study
    assert kept_names() == before + 1


@ON_POSTGRESQL
def test_errors_are_those_of_django(study: Study) -> None:
    with pytest.raises(DataError), transaction.atomic():
        keptplans.rows("SELECT 1 / %s::int", [0])
    assert by_id().rows(study=study.pk)


def test_statements_that_are_counted_are_run_by_django(study: Study, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert not keptplans.can_keep()
        by_id().rows(study=study.pk)


def test_a_pooler_keeps_no_plans(study: Study, settings: Any) -> None:
    settings.PREPARED_STATEMENTS = False
    assert not keptplans.can_keep()
    assert by_id().rows(study=study.pk)
