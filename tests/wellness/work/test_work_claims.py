from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from kombu.exceptions import OperationalError

from tests.factories.errands import NOW, Errand, Run, break_down, finish
from wellness.breaker import Breaker
from wellness.work import kinds, tasks
from wellness.work.claims import LEASE, MAX_ATTEMPTS, ClaimableQuerySet


def test_one_worker_gets_the_row_and_the_next_does_not(errand: Errand) -> None:
    assert Errand.objects.due(NOW).claim(errand.pk, NOW) == 1
    assert Errand.objects.due(NOW).claim(errand.pk, NOW) is None
    errand.refresh_from_db()
    assert (errand.attempts, errand.lease_until) == (1, NOW + LEASE)


@pytest.mark.parametrize(
    "change",
    [
        {"run_after": NOW + timedelta(seconds=1)},
        {"lease_until": NOW},
        {"attempts": MAX_ATTEMPTS},
        {"done": True},
    ],
)
def test_what_is_not_due_cannot_be_claimed(errand: Errand, change: dict[str, object]) -> None:
    Errand.objects.update(**change)
    assert Errand.objects.due(NOW).claim(errand.pk, NOW) is None


def test_a_row_that_goes_while_it_is_claimed_is_nobodys(
    errand: Errand, kind: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when its person is erased between the claim and the look at its fence."""
    kind(finish)
    update = ClaimableQuerySet.update

    def and_gone(rows: ClaimableQuerySet, **values: object) -> int:
        n = update(rows, **values)
        Errand.objects.all().delete()
        return n

    monkeypatch.setattr(ClaimableQuerySet, "update", and_gone)
    assert kinds.run_one("errand", errand.pk, NOW) is False


def test_a_lease_that_ran_out_is_taken_over_and_the_slow_worker_is_fenced_off(errand: Errand) -> None:
    slow = Errand.objects.due(NOW).claim(errand.pk, NOW)
    later = NOW + LEASE + timedelta(seconds=1)
    fast = Errand.objects.due(later).claim(errand.pk, later)
    assert (slow, fast) == (1, 2)
    assert Errand.objects.release(errand.pk, 1) is False
    assert Errand.objects.release(errand.pk, 2) is True


def test_a_failure_waits_longer_each_time_and_is_given_up_at_last(
    errand: Errand, kind: Callable[[Run], None]
) -> None:
    kind(break_down)
    now, waits = NOW, []
    for _ in range(MAX_ATTEMPTS):
        assert kinds.run_one("errand", errand.pk, now) is False
        errand.refresh_from_db()
        waits.append((errand.run_after - now).total_seconds())
        now = errand.run_after
    for attempt, wait in enumerate(waits, start=1):
        assert 0.8 * 2**attempt <= wait <= 1.2 * 2**attempt
    assert not Errand.objects.due(now + timedelta(days=9)).exists()
    assert Errand.objects.dead().get() == errand
    assert Errand.objects.revive() == 1
    assert Errand.objects.due(now).exists()


def test_a_row_that_is_not_to_blame_has_no_attempts_less_than_none(errand: Errand) -> None:
    """Whoever asks for work that runs sets its attempts back."""
    fence = Errand.objects.claim(errand.pk, NOW)
    Errand.objects.update(attempts=0)
    Errand.objects.fail(errand.pk, fence, NOW, "storage_unavailable", counts=False)
    errand.refresh_from_db()
    assert (errand.attempts, errand.last_error, errand.lease_until) == (0, "storage_unavailable", None)


def test_what_went_wrong_is_kept_without_what_it_was_about(
    errand: Errand, kind: Callable[[Run], None], caplog: pytest.LogCaptureFixture
) -> None:
    kind(break_down)
    kinds.run_one("errand", errand.pk, NOW)
    errand.refresh_from_db()
    assert errand.last_error == "ValueError"
    assert "ada" not in caplog.text
    assert f"errand {errand.pk} failed" in caplog.text


def test_work_is_done_once_however_often_it_is_asked_for(errand: Errand, kind: Callable[[Run], None]) -> None:
    kind(finish)
    assert [kinds.run_one("errand", errand.pk, NOW) for _ in range(3)] == [True, False, False]


def test_who_lost_the_lease_leaves_the_row_to_the_other(errand: Errand, kind: Callable[[Run], None]) -> None:
    def overtaken(pk: int, fence: int, now: datetime) -> None:
        Errand.objects.filter(pk=pk).update(fence=fence + 1)
        finish(pk, fence, now)

    kind(overtaken)
    assert kinds.run_one("errand", errand.pk, NOW) is False
    errand.refresh_from_db()
    assert (errand.done, errand.fence, errand.lease_until) == (False, 2, NOW + LEASE)


def test_draining_does_all_that_is_due_and_stops_at_what_fails(
    errand: Errand, kind: Callable[[Run], None]
) -> None:
    bad = Errand.objects.create(run_after=NOW)
    Errand.objects.create(run_after=NOW + timedelta(hours=1))
    kind(lambda pk, fence, now: (break_down if pk == bad.pk else finish)(pk, fence, now))
    assert kinds.drain(NOW) == {"errand": 1}
    assert set(Errand.objects.values_list("attempts", "done")) == {(0, True), (1, False), (0, False)}


def test_a_sweep_wakes_a_worker_for_each_due_row(
    errand: Errand, kind: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind(finish)
    Errand.objects.create(run_after=datetime(2999, 1, 1, tzinfo=UTC))
    woken: list[tuple[object, object]] = []
    monkeypatch.setattr(tasks.run, "apply_async", lambda args, queue, **_: woken.append((args, queue)))
    tasks.sweep()
    assert woken == [(("errand", errand.pk), "compute")]


def test_a_broker_that_is_down_undoes_nothing_and_is_asked_only_now_and_then(
    errand: Errand,
    kind: Callable[[Run], None],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks,
) -> None:
    asked = []

    def down(*_: object, **__: object) -> None:
        asked.append(1)
        raise OperationalError("connection refused")

    kind(finish)
    monkeypatch.setattr(tasks.run, "apply_async", down)
    monkeypatch.setattr(tasks, "_BROKER", Breaker("broker"))
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        for _ in range(9):
            tasks.wake("errand", errand.pk)
    assert (len(callbacks), len(asked)) == (9, 1)
    assert Errand.objects.due(NOW).get() == errand
