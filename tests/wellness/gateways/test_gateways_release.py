"""Data without identity: who it takes to let them leave, and that nobody can be found in them."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from itertools import groupby
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from tests import factories
from tests.wellness.web.conftest import add_day, add_days, browser
from wellness.accounts.models import User
from wellness.audit.models import AuditEntry
from wellness.consent.models import RecipientNotice
from wellness.consent.services import withdraw
from wellness.gateways.models import Release
from wellness.gateways.release.services import approve, as_csv, as_parquet, ask, made
from wellness.gateways.release.table import FIRST_WEEK, K, Row, anonymous, name_in, table
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Role, Study
from wellness.work.kinds import drain

__all__ = ["browser"]
WHY = "Sleep against steps, first cohort"


@pytest.fixture
def cohort(study: Study) -> list[Enrollment]:
    """Six people who agree to everything, whose last days are alike; one of them sleeps 23 hours."""
    people = []
    for n, name in enumerate(("ada", "ben", "cem", "dea", "eli", "fay")):
        person = factories.enrollment(study, name)
        factories.agree_to_everything(person)
        add_days(person, 14, **({"sleep__duration": 1380.0} if n == 0 else {}))
        people.append(person)
    return people


@pytest.fixture
def lou(study: Study) -> User:
    return factories.staff(study, "lou", Role.ANALYST)


@pytest.fixture
def mel(study: Study) -> User:
    return factories.staff(study, "mel", Role.ADMINISTRATOR)


def test_a_table_names_and_dates_nobody(cohort: list[Enrollment], study: Study) -> None:
    one, other = (table(study, uuid4(), timezone.now()) for _ in range(2))
    text = as_csv(one).decode()
    for person in cohort:
        assert person.code not in re.findall(r"\w+", text) and str(person.public_id) not in text
    assert str(timezone.now().year) not in text
    assert not {row.person for row in one.rows} & {row.person for row in other.rows}
    assert {row.on - timedelta(days=row.on.weekday()) for row in one.rows} >= {FIRST_WEEK}
    assert not any(name.startswith("location") for name in one.measures)
    assert max(row.values.get("sleep.duration", 0) for row in one.rows) < 1380


def test_weekdays_stay_and_everyone_begins_in_the_same_week(cohort: list[Enrollment], study: Study) -> None:
    found = table(study, uuid4(), timezone.now())
    today = cohort[0].zones().local_date(timezone.now())
    for _, rows in groupby(found.rows, key=lambda row: row.person):
        own = list(rows)
        assert own[-1].on.weekday() == today.weekday()
        assert own[0].on < FIRST_WEEK + timedelta(days=7)


def test_fewer_than_five_people_give_nothing(cohort: list[Enrollment], study: Study) -> None:
    for person in cohort[:2]:
        withdraw(enrollment=person, now=timezone.now(), scopes=[("export.research.deidentified", "*")])
    found = table(study, uuid4(), timezone.now())
    assert (list(found.measures), found.rows, found.n_people) == ([], [], 0)


def test_a_measure_leaves_only_with_all_its_streams(cohort: list[Enrollment], study: Study) -> None:
    assert "sleep.duration" in table(study, uuid4(), timezone.now()).measures
    for person in cohort[:2]:
        withdraw(enrollment=person, now=timezone.now(), scopes=[("export.research.deidentified", "screen")])
    found = table(study, uuid4(), timezone.now())
    assert "sleep.duration" not in found.measures
    assert "steps.total" in found.measures


def test_who_left_is_in_no_table(cohort: list[Enrollment], study: Study) -> None:
    withdraw(enrollment=cohort[0], now=timezone.now())
    found = table(study, uuid4(), timezone.now())
    assert found.n_people == 5
    assert cohort[0] not in found.people


def test_a_date_that_few_people_have_is_left_out(cohort: list[Enrollment], study: Study) -> None:
    first = cohort[0].zones().local_date(timezone.now()) - timedelta(days=60)
    add_day(cohort[0], first, {"steps.total": 100.0})
    found = table(study, uuid4(), timezone.now())
    for _, rows in groupby(sorted(found.rows, key=lambda row: row.on), key=lambda row: row.on):
        assert len({row.person for row in rows}) >= K


ROWS = st.lists(
    st.builds(
        Row,
        person=st.sampled_from("abcdefgh"),
        on=st.dates(date(2000, 1, 3), date(2000, 1, 9)),
        values=st.dictionaries(st.sampled_from(("x", "y", "z")), st.floats(-1e6, 1e6), min_size=1),
    ),
    unique_by=lambda row: (row.person, row.on),
    max_size=50,
)


@given(ROWS)
def test_whatever_comes_in_five_people_share_every_date_measure_and_extreme(rows: list[Row]) -> None:
    measures, kept = anonymous(rows)
    for on in {row.on for row in kept}:
        assert len({row.person for row in kept if row.on == on}) >= K
    for name in measures:
        having = [row for row in kept if name in row.values]
        assert len({row.person for row in having}) >= K
        for extreme in (min, max):
            end = extreme(row.values[name] for row in having)
            assert len({row.person for row in having if row.values[name] == end}) >= K
    assert {row.on for row in kept} <= {row.on for row in rows}


def test_csv_and_parquet_hold_the_same(cohort: list[Enrollment], study: Study) -> None:
    found = table(study, uuid4(), timezone.now())
    lines = list(csv.DictReader(io.StringIO(as_csv(found).decode())))
    columns = parquet.read_table(io.BytesIO(as_parquet(found)))
    assert columns.column_names == list(lines[0]) == ["person", "date", *found.measures]
    for name in found.measures:
        said = [float(line[name]) if line[name] else None for line in lines]
        assert said == columns[name].to_pylist()


def test_it_takes_two_people(study: Study, lou: User, mel: User) -> None:
    now = timezone.now()
    with pytest.raises(Refusal) as refused:
        ask(study=study, why="because", by=lou, now=now)
    assert refused.value.code == "why_too_short"
    asked = ask(study=study, why=WHY, by=lou, now=now)
    with pytest.raises(Refusal) as refused:
        approve(release=asked, by=lou, now=now)
    assert refused.value.code == "own_request"
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.filter(pk=asked.pk).update(approved_by=lou, approved_at=now, expires_at=now)
    assert not Release.objects.takeable_by(lou, now).exists()
    approve(release=asked, by=mel, now=now)
    assert Release.objects.takeable_by(lou, now + timedelta(days=6)).exists()
    assert not Release.objects.takeable_by(lou, now + timedelta(days=7)).exists()
    assert not Release.objects.takeable_by(mel, now).exists()


def test_from_the_page_to_the_file(
    cohort: list[Enrollment],
    lou: User,
    mel: User,
    cal: User,
    browser: Callable[[User | None], Client],  # noqa: F811  the fixture
) -> None:
    analyst, administrator, page = browser(lou), browser(mel), "/console/harbour/analysis/"
    assert browser(None).get(page).status_code == 302
    for outsider in (cal, mel, cohort[0].user):
        assert browser(outsider).get(page).status_code == 404
    assert analyst.post(page, {"why": "short"}).status_code == 422
    assert analyst.post(page, {"why": WHY}).status_code == 302
    release = Release.objects.get()
    file = f"{page}{release.public_id}/"
    assert analyst.get(file).status_code == 404
    assert WHY in administrator.get("/console/harbour/reviews/").content.decode()
    assert analyst.post(f"{file}approve/").status_code == 404
    assert administrator.post(f"{file}approve/").status_code == 302
    assert administrator.get(file).status_code == 404
    taken = analyst.get(f"{file}?format=csv")
    assert taken.status_code == 200
    assert taken.content == made(release, "csv", timezone.now())[1]
    assert analyst.get(f"{file}?format=xml").status_code == 404
    assert AuditEntry.objects.filter(action="export.deidentified", actor=str(lou.public_id)).count() == 1
    body = analyst.get(page).content.decode()
    assert "6 people let days" in body and "ada" not in re.findall(r"\w+", body)


def test_who_took_a_table_is_told_when_somebody_in_it_withdraws(
    cohort: list[Enrollment],
    lou: User,
    mel: User,
    browser: Callable[[User | None], Client],  # noqa: F811  the fixture
) -> None:
    now, study = timezone.now(), cohort[0].study
    taken, untaken = (ask(study=study, why=WHY, by=lou, now=now) for _ in range(2))
    for release in (taken, untaken):
        approve(release=release, by=mel, now=now)
    assert browser(lou).get(f"/console/harbour/analysis/{taken.public_id}/?format=csv").status_code == 200
    withdraw(enrollment=cohort[1], now=timezone.now(), scopes=[("export.research.deidentified", "screen")])
    (notice,) = RecipientNotice.objects.filter(user=lou)
    name = notice.pseudonym
    assert name == name_in(taken.public_id, cohort[1].public_id)
    assert (notice.about, notice.by_hand) == (f"release:{taken.public_id}", False)
    drain(timezone.now(), "recipient")
    (sent,) = [one for one in mail.outbox if one.to == [lou.email]]
    assert name in sent.body and "screen use" in sent.body and "ben" not in sent.body
    withdraw(enrollment=cohort[2], now=timezone.now(), scopes=[("intervene", "screen")])
    assert RecipientNotice.objects.filter(user=lou).count() == 1
