from datetime import datetime, timedelta

from tests.factories.errands import NOW, Errand, finish
from wellness.work.lag import Lag


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def do(row: Errand, now: datetime) -> None:
    finish(row.pk, Errand.objects.due(now).claim(row.pk, now) or 0, now)


def test_nothing_due_waits_for_nothing(errand: Errand) -> None:
    do(errand, NOW)
    lag = Lag(Errand.objects.due)
    assert [lag.at(after(s)).total_seconds() for s in (0, 60)] == [0, 0]


def test_a_queue_that_nobody_serves_waits_longer_and_longer(errand: Errand) -> None:
    lag = Lag(Errand.objects.due)
    assert [lag.at(after(s)).total_seconds() for s in (0, 3, 60, 130)] == [0, 0, 60, 130]


def test_a_long_queue_counts_although_its_first_rows_are_taken_at_once(errand: Errand) -> None:
    rows = [errand, *(Errand.objects.create(run_after=NOW) for _ in range(20))]
    lag = Lag(Errand.objects.due)
    for n, row in enumerate(rows[:-1]):
        lag.at(after(10 * n))
        do(row, after(10 * n))
    assert lag.at(after(200)) == timedelta(seconds=200)


def test_it_is_over_when_the_queue_is_empty(errand: Errand) -> None:
    lag = Lag(Errand.objects.due)
    lag.at(NOW)
    assert lag.at(after(300)) == timedelta(seconds=300)
    do(errand, after(300))
    assert lag.at(after(306)) == timedelta(0)


def test_the_wait_of_the_last_one_is_remembered_while_the_next_is_young(errand: Errand) -> None:
    lag = Lag(Errand.objects.due)
    lag.at(NOW)
    lag.at(after(200))
    later = Errand.objects.create(run_after=after(200))
    do(errand, after(203))
    assert lag.at(after(206)) == timedelta(seconds=200)
    do(later, after(207))
    Errand.objects.create(run_after=after(207))
    assert lag.at(after(212)) == timedelta(0)


def test_what_was_seen_long_ago_says_nothing(errand: Errand) -> None:
    lag = Lag(Errand.objects.due)
    lag.at(NOW)
    lag.at(after(200))
    do(errand, after(203))
    Errand.objects.create(run_after=after(3_000))
    assert lag.at(after(3_600)) == timedelta(0)


def test_looking_costs_a_query_every_five_seconds(errand: Errand, django_assert_num_queries) -> None:
    lag = Lag(Errand.objects.due)
    with django_assert_num_queries(2):
        for tenth in range(80):
            lag.at(after(tenth / 10))
