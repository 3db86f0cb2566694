"""People with days to look at, browsers that are signed in, and consent documents to work on."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from phenotyping.days.models import Day
from phenotyping.days.services import context
from phenotyping.surveys.instruments import load_instruments
from tests import factories
from tests.wellness.web.papers import LIST, SWITCHES, page
from wellness.accounts.models import User
from wellness.consent.models import ConsentDocument
from wellness.consent.purposes import COLLECT
from wellness.studies import keys
from wellness.studies.models import Enrollment, Role, Study

Values = Mapping[str, float]


def add_day(enrollment: Enrollment, on: date, values: Values, share: float = 0.9) -> Day:
    """A computed day of a person with these values."""
    local = enrollment.zones().day(on)
    day = Day(enrollment=enrollment, on=on, zone=local.zone, starts_at=local.starts_at, ends_at=local.ends_at)
    day.computed_seq, day.computed_at, day.n_values = day.stale_seq, timezone.now(), len(values)
    day.observed_min, day.expected_min = local.minutes * share, local.minutes
    plain = {
        name: [float(value), local.minutes * share, local.minutes, None] for name, value in values.items()
    }
    day.sealed_values = keys.seal_json(enrollment, context(day), plain)
    day.save()
    return day


def add_days(enrollment: Enrollment, n_days: int = 30, **last: float) -> None:
    """The last `n_days` days, each alike but for a small ripple; `last` replaces values of the latest one."""
    today = enrollment.zones().local_date(timezone.now())
    for k in range(n_days - 1, -1, -1):
        ripple = (k + 2) % 5 - 2
        values = {
            "sleep.duration": 450 + 10 * ripple,
            "steps.total": 7000 + 300 * ripple,
            "survey.mood": 6 + ripple / 4,
            "screen.unlock_total_duration": 150 + 5 * ripple,
        }
        replaced = {name.replace("__", "."): value for name, value in last.items()} if k == 0 else {}
        add_day(enrollment, today - timedelta(days=k), values | replaced)


@pytest.fixture
def browser() -> Callable[[User | None], Client]:
    """A browser signed in as somebody, or as nobody."""

    def opened(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return opened


@pytest.fixture
def instruments(db: None) -> None:
    """The questionnaires that ship with the project."""
    load_instruments()


@pytest.fixture
def mel(study: Study) -> User:
    """An administrator of the study, whose approval counts beside dot's."""
    return factories.staff(study, "mel", Role.ADMINISTRATOR)


@pytest.fixture
def published(study: Study) -> ConsentDocument:
    """Version 1, in force."""
    scopes = [(COLLECT, stream, needed) for stream, needed in SWITCHES]
    return factories.consent_document(study, scopes=scopes)


@pytest.fixture
def draft(published: ConsentDocument, dot: User, browser: Callable[[User | None], Client]) -> ConsentDocument:
    """Version 2, as drafted on the page: it says what version 1 says."""
    answer = browser(dot).post(LIST, {"audience": "adult", "locale": "en"})
    made = ConsentDocument.objects.get(version=2)
    assert (answer.status_code, answer["Location"]) == (302, page(made))
    return made
