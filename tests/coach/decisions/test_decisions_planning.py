"""Decision points: each slot on the person's own clock, once, wherever they go."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coach.decisions.models import DecisionPoint
from coach.decisions.services import plan, point
from tests import factories
from tests.factories.coaching import TUESDAY, rule
from tests.factories.phone import local
from wellness.consent.services import withdraw
from wellness.studies.models import Enrollment, Phase, Study
from wellness.studies.services import change_zone

SLOTS = {"slots": ["09:00", "15:30"], "window_min": 60, "grace_min": 30}


def _due(on: date) -> list[datetime]:
    points = DecisionPoint.objects.filter(on=on).order_by("due_at")
    return list(points.values_list("due_at", flat=True))


def test_slots_are_wall_times_where_the_person_is(study: Study) -> None:
    rule(study, decision_point=SLOTS)
    for name, zone in (("ben", "Europe/Helsinki"), ("cyd", "America/New_York"), ("eli", "Asia/Kathmandu")):
        factories.enrollment(study, name, zone=zone)
    plan(now=local(TUESDAY, "00:00"))
    first = {
        point.enrollment.code: point.due_at
        for point in DecisionPoint.objects.filter(on=TUESDAY, slot="09:00").select_related("enrollment")
    }
    assert first == {
        "ben": datetime(2026, 1, 6, 7, tzinfo=UTC),
        "cyd": datetime(2026, 1, 6, 14, tzinfo=UTC),
        "eli": datetime(2026, 1, 6, 3, 15, tzinfo=UTC),
    }


def test_planning_twice_plans_once(ada: Enrollment) -> None:
    rule(ada.study, decision_point=SLOTS)
    assert plan(now=local(TUESDAY, "00:30")) == 4
    assert plan(now=local(TUESDAY, "10:00")) == 0
    assert plan(now=local(TUESDAY, "10:00") + timedelta(days=1)) == 2


def test_planning_again_locks_nobody(ada: Enrollment) -> None:
    rule(ada.study, decision_point=SLOTS)
    assert plan(now=local(TUESDAY, "00:30")) == 4
    with CaptureQueriesContext(connection) as asked:
        assert plan(now=local(TUESDAY, "00:35")) == 0
    assert {query["sql"].split()[0] for query in asked} == {"SELECT"}
    assert [query["sql"] for query in asked if "FOR NO KEY UPDATE" in query["sql"]] == []


def test_points_are_kept_some_at_a_time(ada: Enrollment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point, "AT_ONCE", 3)
    rule(ada.study, decision_point=SLOTS)
    assert plan(now=local(TUESDAY, "00:30")) == DecisionPoint.objects.count() == 4


def test_what_is_past_is_not_planned(ada: Enrollment) -> None:
    rule(ada.study, decision_point=SLOTS)
    plan(now=local(TUESDAY, "10:00"))
    assert _due(TUESDAY) == [local(TUESDAY, "15:30")]


@pytest.mark.parametrize(
    ("on", "utc_hour"),
    [(date(2026, 3, 28), 7), (date(2026, 3, 29), 6), (date(2026, 10, 24), 6), (date(2026, 10, 25), 7)],
)
def test_summer_time_moves_the_instant_and_not_the_wall(ada: Enrollment, on: date, utc_hour: int) -> None:
    rule(ada.study, decision_point=SLOTS)
    plan(now=local(on, "00:00"))
    assert _due(on)[0] == datetime(on.year, on.month, on.day, utc_hour, tzinfo=UTC)


@pytest.mark.parametrize(("on", "n"), [(date(2026, 3, 29), 1), (date(2026, 10, 25), 1)])
def test_a_wall_time_skipped_or_shown_twice_is_one_point(ada: Enrollment, on: date, n: int) -> None:
    rule(ada.study, decision_point=SLOTS | {"slots": ["03:30"]})
    plan(now=local(on, "00:00"))
    assert len(_due(on)) == n


def test_a_flight_moves_the_points_that_are_still_open(ada: Enrollment) -> None:
    rule(ada.study, decision_point=SLOTS)
    plan(now=local(TUESDAY, "00:30"))
    change_zone(enrollment=ada, zone="America/New_York", from_at=local(TUESDAY, "12:00"))
    new_york = "America/New_York"
    wednesday = TUESDAY + timedelta(days=1)
    assert _due(TUESDAY) == [local(TUESDAY, "09:00"), local(TUESDAY, "15:30", new_york)]
    assert _due(wednesday) == [local(wednesday, "09:00", new_york), local(wednesday, "15:30", new_york)]
    moved = DecisionPoint.objects.get(due_at=local(TUESDAY, "15:30", new_york))
    assert (moved.zone, moved.run_after) == (new_york, moved.due_at)
    assert moved.grace_until == moved.due_at + timedelta(minutes=30)


def test_who_does_not_take_part_gets_no_points(ada: Enrollment) -> None:
    rule(ada.study)
    withdraw(enrollment=ada, now=local(TUESDAY, "00:10"))
    assert Enrollment.objects.get().phase == Phase.WITHDRAWN
    assert plan(now=local(TUESDAY, "00:30")) == 0


def test_one_study_never_plans_for_another(ada: Enrollment) -> None:
    rule(factories.study("inland"))
    assert plan(now=local(TUESDAY, "00:30")) == 0
