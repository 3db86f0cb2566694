from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from phenotyping.days.models import Day
from phenotyping.days.services import opened
from phenotyping.features.day import Measured
from tests.factories.phone import Rows, battery, local, uses, walk
from wellness.studies.models import Enrollment

TUESDAY = date(2026, 1, 6)


@pytest.fixture
def values(ada: Enrollment) -> Callable[[date], dict[str, Measured]]:
    """Ada's computed values of a date."""
    return lambda on: opened(ada, Day.objects.get(enrollment=ada, on=on))


def living(on: date = TUESDAY) -> dict[str, Rows]:
    """A phone that is always on and used twice, for 25 minutes in all, and a walk of 3000 steps."""
    start = local(on, "00:00")
    morning, evening = local(on, "10:00"), local(on, "20:00")
    return {
        "battery": battery(start, start + timedelta(days=1)),
        "screen": uses((morning, morning + timedelta(minutes=20)), (evening, evening + timedelta(minutes=5))),
        "steps": walk(local(on, "12:00"), 30),
    }


def after(on: date = TUESDAY) -> datetime:
    """Noon of the day after."""
    return local(on + timedelta(days=1), "12:00")
