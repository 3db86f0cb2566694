"""Studies and the study board."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from phenotyping.days.models import Day
from phenotyping.intake.models import Upload, UploadPart
from tests import factories
from tests.wellness.web.conftest import add_days
from wellness.accounts.models import User
from wellness.studies.models import Device, Enrollment
from wellness.studies.services import publish_protocol
from wellness.web.coordinator.funnel import members, silences
from wellness.work.kinds import KINDS

Browser = Callable[[User | None], Client]


@pytest.fixture
def client(dot: User, browser: Browser) -> Client:
    return browser(dot)


def upload(device: Device, ago: timedelta, n_stored: int, n_refused: int) -> None:
    """One upload of gps rows, some of them refused."""
    n_sent, refusals = n_stored + n_refused, [{"code": "out_of_range", "first": 0, "last": 9, "n": n_refused}]
    counts = {"n_sent": n_sent, "n_stored": n_stored, "n_refused": n_refused}
    made = Upload.objects.create(
        enrollment=device.enrollment,
        device=device,
        public_id=uuid4(),
        body_sha256="0" * 64,
        content_type="application/json",
        n_wire_bytes=1,
        receipt={},
        received_at=timezone.now() - ago,
        consent_epoch=1,
        **counts,
    )
    UploadPart.objects.create(upload=made, stream="gps", refusals=refusals if n_refused else [], **counts)


def test_studies_lists_only_ones_own(client: Client, ada: Enrollment) -> None:
    factories.study("inland")
    body = client.get("/console/").content.decode()
    assert "Harbour" in body
    assert "Inland" not in body


def test_the_ledger_adds_up(client: Client, device: tuple[Device, str]) -> None:
    upload(device[0], timedelta(hours=1), 90, 10)
    upload(device[0], timedelta(hours=2), 1000, 0)
    board = client.get("/console/harbour/")
    ledger = board.context["ledger"]
    assert (ledger.sent, ledger.stored, ledger.refused) == (1100, 1090, 10)
    assert ledger.reasons == [("out_of_range", 10)]
    assert "1,100 rows sent = 1,090 stored + 10 refused" in board.content.decode()


def test_the_funnel_counts_each_step(client: Client, device: tuple[Device, str]) -> None:
    factories.enrollment(device[0].enrollment.study, "ivy")
    steps = {step.name: step.n for step in client.get("/console/harbour/").context["funnel"]}
    assert steps == {
        "Invited": 2,
        "Consented": 1,
        "Phone linked": 1,
        "Data received": 0,
        "Active": 2,
        "Completed": 0,
        "Withdrawn": 0,
    }


@pytest.mark.parametrize(
    ("hours", "group"),
    [(1, None), (25, "Silent for 24 h"), (80, "Silent for 72 h"), (200, "Silent for 7 days")],
)
def test_silent_people_are_in_one_group(
    hours: int, group: str | None, device: tuple[Device, str], dot: User
) -> None:
    upload(device[0], timedelta(hours=hours), 5, 0)
    found = members(device[0].enrollment.study, dot)
    assert [one.name for one in silences(found, timezone.now()) if one.people] == ([group] if group else [])


def test_who_never_sent_is_named(client: Client, ada: Enrollment) -> None:
    body = client.get("/console/harbour/").content.decode()
    assert "Never started: 1" in body
    assert "1 never started" in body


def test_the_matrix_holds_coverage_and_no_health_values(client: Client, ada: Enrollment) -> None:
    add_days(ada, sleep__duration=123.0)
    board = client.get("/console/harbour/")
    code, cells, mean = board.context["matrix"].rows[0]
    assert (code, len(cells), mean) == ("ada", 28, "90%")
    assert {cell.text for cell in cells} == {"90"}
    for health in ("2 h 3 min", "7 h", "steps.total", "Mood", "Sleep"):
        assert health not in board.content.decode()


def test_a_coordinator_of_one_site_sees_that_site_only(ada: Enrollment, browser: Browser) -> None:
    from wellness.studies.services import add_member, add_site

    gil = factories.user("gil")
    south = add_site(study=ada.study, slug="south", name="South")
    add_member(study=ada.study, user=gil, role="coordinator", site=south)
    assert ">ada<" not in browser(gil).get("/console/harbour/").content.decode()


def test_nothing_lost_is_said(client: Client, ada: Enrollment) -> None:
    board = client.get("/console/harbour/")
    assert board.context["losses"].rows == []
    assert "Nothing is missing" in board.content.decode()


def test_lost_time_is_told_by_person_and_cause(client: Client, ada: Enrollment) -> None:
    kim = factories.enrollment(ada.study, "kim")
    publish_protocol(study=ada.study, body={"streams": ["gps"]}, now=factories.JOINED_AT)
    for one, minutes in ((ada, {"phone_off": 95.0, "not_worn": 0.1}), (kim, {"permission_lost": 30.0})):
        add_days(one, 9)
        Day.objects.filter(enrollment=one).update(lost_min=minutes)
    ivy = factories.enrollment(ada.study, "ivy")
    add_days(ivy, 9)
    Day.objects.filter(enrollment=ivy, on=timezone.now().date() - timedelta(days=3)).delete()
    board = client.get("/console/harbour/")
    losses = board.context["losses"]
    assert losses.causes == ["not permitted on the phone", "app stopped by the phone", "phone off"]
    assert [(loss.code, list(loss.cells)) for loss in losses.rows] == [
        ("ada", ["–", "–", "11 h 5 min"]),
        ("ivy", ["–", "24 h", "–"]),
        ("kim", ["3 h 30 min", "–", "–"]),
    ]
    assert "11 h 5 min" in board.content.decode()


def test_lost_time_of_a_foreign_study_is_not_found(cal: User, ada: Enrollment, browser: Browser) -> None:
    assert browser(cal).get("/console/harbour/").status_code == 404


def test_queries_do_not_grow_with_people(
    client: Client,
    ada: Enrollment,
    django_assert_num_queries: Callable,
    django_assert_max_num_queries: Callable,
) -> None:
    client.get("/console/harbour/")
    with django_assert_max_num_queries(23 + 2 * len(KINDS)) as few:  # two for each kind of work
        client.get("/console/harbour/")
    n_queries = len(few)  # the next request forgets them
    for name in ("ivy", "kim", "lou"):
        add_days(factories.enrollment(ada.study, name), 2)
    client.get("/console/harbour/")  # who is on the board together is written down once
    with django_assert_num_queries(n_queries):
        client.get("/console/harbour/")
