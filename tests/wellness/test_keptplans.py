"""Plans that PostgreSQL keeps: the same answers and errors, and nothing kept of anybody else's statements."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from unittest.mock import patch

import psycopg
import pytest
from django.db import DEFAULT_DB_ALIAS, DataError, NotSupportedError, connection, connections, transaction
from django.db.models import BigIntegerField

from wellness import keptplans
from wellness.prepared import Given, Select
from wellness.studies.models import Study

T = TypeVar("T")

ON_POSTGRESQL = pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps plans")


def by_id() -> Select:
    return Select(
        lambda: Study.objects.filter(pk=Given("study", BigIntegerField())).values_list("slug", "created_at")
    )


def answer(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    return keptplans.rows(sql, params, connections[DEFAULT_DB_ALIAS])


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
        answer("SELECT 1 / %s::int", 0)
    assert by_id().rows(study=study.pk)


@ON_POSTGRESQL
def test_the_size_of_a_number_makes_no_other_statement(study: Study) -> None:
    before, kept = kept_names(), by_id()
    for number in (1, 40_000, 2**40) * 3:
        kept.rows(study=number)
    assert kept_names() == before + 1


@ON_POSTGRESQL
@pytest.mark.django_db
def test_a_percent_sign_is_one() -> None:
    assert answer("SELECT %s::text LIKE 'a%%', 7 %% 4, %s::int", "abc", 5) == [(True, 3, 5)]


@ON_POSTGRESQL
@pytest.mark.django_db
def test_a_connection_that_the_server_closed_is_opened_anew() -> None:
    def lose() -> tuple[int, int]:
        ((lost,),) = answer("SELECT pg_backend_pid()")
        with psycopg.connect(connection.connection.info.dsn) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [lost])
        connection.close_if_unusable_or_obsolete()  # as when a request begins
        ((found,),) = answer("SELECT pg_backend_pid()")
        return lost, found

    lost, found = with_a_connection_of_its_own(lose)
    assert lost != found


@ON_POSTGRESQL
@pytest.mark.django_db
def test_one_that_is_well_is_not_asked_first() -> None:
    def ask() -> list[tuple[Any, ...]]:
        answer("SELECT 1")
        connection.close_if_unusable_or_obsolete()
        with patch.object(connections["default"], "is_usable", side_effect=AssertionError("it was asked")):
            found = answer("SELECT 2")
            with connection.cursor() as cursor:  # nor does Django ask then
                cursor.execute("SELECT 3")
        return found

    assert with_a_connection_of_its_own(ask) == [(2,)]


@ON_POSTGRESQL
@pytest.mark.django_db
def test_a_column_that_changed_its_type_fails_one_request() -> None:
    def change() -> tuple[int, int]:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE changing AS SELECT 1 AS n")
            (asked,) = [answer("SELECT n FROM changing") for _ in range(4)][0]
            cursor.execute("ALTER TABLE changing ALTER n TYPE bigint")
        ((before,),) = answer("SELECT pg_backend_pid()")
        with pytest.raises(NotSupportedError):
            answer("SELECT n FROM changing")
        connection.close_if_unusable_or_obsolete()  # as when the request ends
        ((after,),) = answer("SELECT pg_backend_pid()")
        assert asked == (1,)
        return before, after

    before, after = with_a_connection_of_its_own(change)
    assert before != after


def with_a_connection_of_its_own(do: Callable[[], T]) -> T:
    """What it returns in a thread whose connection is in no transaction of the test's."""

    def doing() -> T:
        try:
            return do()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(doing).result()


def test_statements_that_are_counted_are_run_by_django(study: Study, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert not keptplans.can_keep(connections[DEFAULT_DB_ALIAS])
        by_id().rows(study=study.pk)


def test_a_pooler_keeps_no_plans(study: Study, settings: Any) -> None:
    settings.PREPARED_STATEMENTS = False
    assert not keptplans.can_keep(connections[DEFAULT_DB_ALIAS])
    assert by_id().rows(study=study.pk)
