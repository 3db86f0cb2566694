"""Nothing is computed, kept or shown that the person did not agree to."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from phenotyping.days import services
from phenotyping.days.models import Day
from phenotyping.days.selectors import day_values
from phenotyping.features.day import Measured
from tests.factories.phone import upload
from tests.phenotyping.days.conftest import TUESDAY, after, living
from wellness.consent.purposes import FEATURE, SHARE_CLINICIAN
from wellness.consent.services import withdraw
from wellness.studies.models import Device, Enrollment
from wellness.work.kinds import drain

Values = Callable[[date], dict[str, Measured]]


def test_no_feature_consent_means_no_values(
    ada: Enrollment, device: tuple[Device, str], values: Values
) -> None:
    withdraw(enrollment=ada, scopes=[(FEATURE, "*")], now=after())
    upload(device[0], after(), **living())
    drain(after(), "day")
    assert values(TUESDAY) == {}
    assert Day.objects.get().n_values == 0


def test_a_revoked_stream_leaves_the_values_computed_from_it(
    ada: Enrollment, device: tuple[Device, str], values: Values
) -> None:
    upload(device[0], after(), **living())
    drain(after(), "day")
    later = after() + timedelta(hours=1)
    withdraw(enrollment=ada, scopes=[(FEATURE, "screen")], now=later)
    drain(later, "day")
    assert values(TUESDAY)["steps.total"].value == 3_000
    assert not any(name.startswith(("screen.", "sleep.")) for name in values(TUESDAY))


def test_who_lost_the_right_to_see_sees_nothing_at_once(ada: Enrollment, device: tuple[Device, str]) -> None:
    upload(device[0], after(), **living())
    drain(after(), "day")
    later = after() + timedelta(hours=1)
    withdraw(enrollment=ada, scopes=[(SHARE_CLINICIAN, "screen")], now=later)
    seen = day_values(ada, TUESDAY, TUESDAY, purpose=SHARE_CLINICIAN, at=later)[0].values
    assert "steps.total" in seen
    assert "screen.unlock_count" not in seen


def test_consent_revoked_between_start_and_store_stores_nothing(
    ada: Enrollment, device: tuple[Device, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(device[0], after(), **living())
    compute_day = services.compute_day

    def interrupted(*args: Any) -> dict[str, Measured]:
        withdraw(enrollment=ada, scopes=[(FEATURE, "screen")], now=after())
        return compute_day(*args)

    with monkeypatch.context() as patch:
        patch.setattr(services, "compute_day", interrupted)
        day = Day.objects.get()
        fence = Day.objects.due(after()).claim(day.pk, after())
        with pytest.raises(services.LeaseLost):
            services.compute(day.pk, fence, after())
    day.refresh_from_db()
    assert (day.computed_at, day.sealed_values) == (None, None)
    Day.objects.all().release(day.pk, fence)
    drain(after(), "day")
    day.refresh_from_db()
    assert day.n_values


def test_who_withdraws_altogether_has_no_values_left(
    ada: Enrollment, device: tuple[Device, str], values: Values
) -> None:
    upload(device[0], after(), **living())
    drain(after(), "day")
    later = after() + timedelta(hours=1)
    withdraw(enrollment=ada, now=later)
    drain(later, "day")
    assert values(TUESDAY) == {}
    assert Day.objects.get().consent_events == []
