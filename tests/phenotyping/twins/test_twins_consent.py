"""A withdrawal leaves no variable in a twin, a forecast or the next cohort prior that it should not."""

from datetime import timedelta
from typing import Any

import pytest

from phenotyping.twins import services
from phenotyping.twins.cohort import refit_priors
from phenotyping.twins.models import CohortPrior, Forecast, Twin
from phenotyping.twins.sealed import opened_state, opened_week
from phenotyping.twins.selectors import latest_forecast
from tests import factories
from tests.phenotyping.twins.conftest import live
from wellness.consent.purposes import INTERVENE, MODEL, POPULATION, SHARE_CLINICIAN
from wellness.consent.services import withdraw
from wellness.studies.models import Device, Enrollment, Study
from wellness.studies.services import issue_device
from wellness.work.kinds import drain

Phone = tuple[Device, str]


def test_a_revoked_stream_leaves_twin_and_forecasts_in_the_same_transaction(
    ada: Enrollment, device: Phone
) -> None:
    now = live(device[0], 5)
    drain(now, "twin")
    later = now + timedelta(hours=1)
    withdraw(enrollment=ada, scopes=[(MODEL, "steps")], now=later)
    kept = opened_week(ada, Forecast.objects.get())
    state = opened_state(ada, Twin.objects.get())
    assert "screen.unlock_count" in kept
    assert kept.keys() == state.keys()
    assert not any(name.startswith("steps.") for name in kept)
    view = latest_forecast(ada, purpose=None, at=later)
    assert view is not None
    assert view.variables.keys() == kept.keys()


def test_a_refit_after_it_uses_the_rest(ada: Enrollment, device: Phone) -> None:
    now = live(device[0], 5)
    drain(now, "twin")
    later = now + timedelta(hours=1)
    withdraw(enrollment=ada, scopes=[(MODEL, "steps")], now=later)
    assert drain(later, "twin") == {"twin": 1}
    twin = Twin.objects.get()
    assert "steps.total" not in opened_state(ada, twin)
    assert twin.consent_epoch == ada.consent_epoch


@pytest.mark.parametrize("scopes", [None, [(MODEL, "*")]])
def test_who_withdraws_has_neither_forecast_nor_state(ada: Enrollment, device: Phone, scopes: Any) -> None:
    now = live(device[0], 5)
    drain(now, "twin")
    later = now + timedelta(hours=1)
    withdraw(enrollment=ada, scopes=scopes, now=later)
    drain(later, "day", "twin")
    twin = Twin.objects.get()
    assert not Forecast.objects.exists()
    assert (twin.sealed_state, twin.n_variables, twin.stage) == (None, 0, Twin.Stage.STATIC)
    assert latest_forecast(ada, purpose=None, at=later) is None


def test_a_reader_sees_what_their_purpose_allows(ada: Enrollment, device: Phone) -> None:
    now = live(device[0], 3)
    drain(now, "twin")
    later = now + timedelta(hours=1)
    withdraw(enrollment=ada, scopes=[(SHARE_CLINICIAN, "steps")], now=later)
    for purpose, sees in ((SHARE_CLINICIAN, False), (INTERVENE, True), (None, True)):
        view = latest_forecast(ada, purpose=purpose, at=later)
        assert view is not None
        assert ("steps.total" in view.variables) is sees
        assert "screen.unlock_count" in view.variables


def test_consent_revoked_during_the_fit_discards_it(
    ada: Enrollment, device: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = live(device[0], 3)
    fitted = services.fitted

    def interrupted(*args: Any) -> Any:
        withdraw(enrollment=ada, scopes=[(MODEL, "steps")], now=now)
        return fitted(*args)

    monkeypatch.setattr(services, "fitted", interrupted)
    twin = Twin.objects.get()
    fence = Twin.objects.due(now).claim(twin.pk, now)
    with pytest.raises(services.LeaseLost):
        services.fit(twin.pk, fence, now)
    assert not Forecast.objects.exists()


def test_who_stops_lending_leaves_the_next_refit(study: Study, ada: Enrollment, device: Phone) -> None:
    now = live(device[0], 4)
    other = factories.enrollment(study, "ben")
    factories.agree_to_everything(other)
    phone, _ = issue_device(enrollment=other, platform=Device.Platform.IOS, now=now)
    live(phone, 4)
    assert refit_priors(study=study, now=now)
    withdraw(enrollment=other, scopes=[(POPULATION, "steps")], now=now + timedelta(hours=1))
    refit_priors(study=study, now=now + timedelta(hours=1))
    assert not CohortPrior.objects.filter(variable="steps.total").exists()
    assert CohortPrior.objects.filter(variable="screen.unlock_count").exists()
