"""From computed days to a forecast of every variable."""

from datetime import timedelta

import numpy as np
import pytest

from phenotyping.dynamics.person import Posterior
from phenotyping.dynamics.prior import Prior
from phenotyping.twins.cohort import refit_priors
from phenotyping.twins.models import CohortPrior, Forecast, Twin
from phenotyping.twins.sealed import opened_state
from phenotyping.twins.selectors import ForecastView, latest_forecast, stage_of
from tests import factories
from tests.factories.phone import local, upload, walk
from tests.phenotyping.twins.conftest import FIRST, live, noon_after
from wellness.consent.purposes import MODEL
from wellness.studies.models import Device, Enrollment, Study
from wellness.studies.services import issue_device
from wellness.work.kinds import drain

Phone = tuple[Device, str]


def test_every_variable_with_data_gets_a_week_ahead(ada: Enrollment, device: Phone) -> None:
    now = live(device[0], 10)
    assert drain(now, "twin") == {"twin": 1}

    view = latest_forecast(ada, purpose=MODEL, at=now)

    assert view is not None
    assert view.origin_on == FIRST + timedelta(days=9)
    assert {"steps.total", "screen.unlock_count", "battery.mean_level"} <= view.variables.keys()
    assert "calls.total_duration" in view.variables  # an alive phone without calls says: none
    assert not any(name.startswith(("location.", "survey.")) for name in view.variables)
    steps = view.variables["steps.total"]
    assert steps.on == tuple(view.origin_on + timedelta(days=h) for h in range(1, 8))
    for low, mean, high in zip(steps.low, steps.mean, steps.high, strict=True):
        assert 0 <= low <= mean <= high
    assert (steps.level, steps.n_days) == (0.8, 10)
    assert 3_000 <= steps.median <= 4_000
    assert 2_000 < steps.mean[0] < 5_500


def test_a_changed_day_changes_the_forecast(ada: Enrollment, device: Phone) -> None:
    now = live(device[0], 8)
    drain(now, "twin")
    before = latest_forecast(ada, purpose=None, at=now)
    later = now + timedelta(hours=1)
    upload(device[0], later, steps=walk(local(FIRST + timedelta(days=7), "16:00"), 60))
    drain(later, "day")
    assert drain(later, "twin") == {"twin": 1}
    after = latest_forecast(ada, purpose=None, at=later)
    assert before is not None
    assert after is not None
    assert after.variables["steps.total"].mean[0] > before.variables["steps.total"].mean[0]
    known_then = latest_forecast(ada, purpose=None, at=now)
    assert known_then is not None
    assert known_then.made_at == now


def test_the_same_days_make_no_second_forecast(ada: Enrollment, device: Phone) -> None:
    now = live(device[0], 5)
    drain(now, "twin")
    Twin.objects.update(stale_seq=99)
    drain(now + timedelta(hours=1), "twin")
    assert Forecast.objects.count() == 1
    assert Twin.objects.get().fitted_at == now + timedelta(hours=1)


def test_a_forecast_knows_finished_days_only(ada: Enrollment, device: Phone) -> None:
    live(device[0], 6)
    in_the_fifth = local(FIRST + timedelta(days=4), "18:00")
    Twin.objects.update(run_after=in_the_fifth)
    drain(in_the_fifth, "twin")
    view = latest_forecast(ada, purpose=None, at=in_the_fifth)
    assert view is not None
    assert view.origin_on == FIRST + timedelta(days=3)
    assert view.variables["steps.total"].n_days == 4


def test_late_data_of_the_past_do_not_reach_an_earlier_forecast(ada: Enrollment, device: Phone) -> None:
    now = live(device[0], 4)
    drain(now, "twin")
    first = Forecast.objects.get()
    later = live(device[0], 7)
    drain(later, "twin")
    first_again = Forecast.objects.order_by("made_at")[0]
    assert bytes(first_again.sealed_values) == bytes(first.sealed_values)
    assert list(Forecast.objects.order_by("made_at").values_list("origin_on", flat=True)) == [
        FIRST + timedelta(days=3),
        FIRST + timedelta(days=6),
    ]


@pytest.mark.parametrize("n_days", [1, 2])
def test_a_person_of_a_day_or_two_has_a_finite_forecast(ada: Enrollment, device: Phone, n_days: int) -> None:
    now = live(device[0], n_days)
    drain(now, "twin")
    view = latest_forecast(ada, purpose=MODEL, at=now)
    assert view is not None
    for variable in view.variables.values():
        assert np.isfinite([variable.mean, variable.low, variable.high]).all()
        assert np.isfinite([variable.median, variable.mad]).all()
    assert 500 < view.variables["steps.total"].mean[0] < 15_000
    assert view.variables["screen.unlock_count"].mean[0] < 80


def test_the_state_survives_its_json(ada: Enrollment, device: Phone) -> None:
    now = live(device[0], 6)
    drain(now, "twin")
    state = opened_state(ada, Twin.objects.select_related("enrollment__study").get())
    stored = state["steps.total"]["posterior"]
    assert Posterior.from_json(stored).to_json() == stored
    assert Posterior.from_json(stored).n_observed == 6


def test_a_cohort_lends_strength_to_a_newcomer(study: Study, ada: Enrollment, device: Phone) -> None:
    now = live(device[0], 7)
    live(_other(study, "ben")[1], 7)
    eli, phone = _other(study, "eli")
    live(phone, 1, first_on=FIRST + timedelta(days=6))
    drain(now, "twin")
    alone = latest_forecast(eli, purpose=None, at=now)

    assert refit_priors(study=study, now=now) > 5
    Twin.objects.filter(enrollment=eli).update(stale_seq=99)
    later = now + timedelta(hours=1)
    drain(later, "twin")

    pooled = latest_forecast(eli, purpose=None, at=later)
    assert alone is not None
    assert pooled is not None
    assert _width(pooled) < 0.8 * _width(alone)
    prior = CohortPrior.objects.get(variable="steps.total")
    assert (prior.n_people, prior.n_days) == (3, 15)
    assert Prior.from_json(prior.parameters).to_json() == prior.parameters

    CohortPrior.objects.update(outdated_at=later)  # somebody lends no more
    Twin.objects.filter(enrollment=eli).update(stale_seq=100)
    drain(later + timedelta(hours=1), "twin")
    again = latest_forecast(eli, purpose=None, at=later + timedelta(hours=1))
    assert again is not None
    assert _width(again) == pytest.approx(_width(alone))


def _other(study: Study, name: str) -> tuple[Enrollment, Device]:
    person = factories.enrollment(study, name)
    factories.agree_to_everything(person)
    phone, _ = issue_device(enrollment=person, platform=Device.Platform.IOS, now=noon_after(0))
    return person, phone


def _width(view: ForecastView) -> float:
    steps = view.variables["steps.total"]
    return sum(steps.high) - sum(steps.low)


def test_a_cohort_of_one_or_none_has_no_prior(study: Study, device: Phone) -> None:
    assert refit_priors(study=study, now=noon_after(1)) == 0
    now = live(device[0], 3)
    assert refit_priors(study=study, now=now) == 0


def test_stages_follow_what_the_twin_can_do(ada: Enrollment, device: Phone) -> None:
    assert stage_of(ada) == Twin.Stage.STATIC
    now = live(device[0], 2)
    assert stage_of(ada) == Twin.Stage.STATIC
    drain(now, "twin")
    assert stage_of(ada) == Twin.Stage.INTELLIGENT
