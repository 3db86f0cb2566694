"""Cohort priors are fitted again soon after a lender lends no more, and every night, as work that is due."""

from datetime import timedelta

import pytest

from phenotyping.twins import refitting, tasks
from phenotyping.twins.models import CohortPrior, CohortRefit
from tests import factories
from tests.factories import JOINED_AT
from wellness.consent.purposes import MODEL, POPULATION
from wellness.consent.services import withdraw
from wellness.studies.models import Enrollment, Study
from wellness.work.kinds import drain

NOW = JOINED_AT + timedelta(days=9)


@pytest.fixture
def prior(study: Study, ada: Enrollment) -> CohortPrior:
    """A prior that was learned from ada."""
    fields = {"parameters": {}, "n_people": 2, "n_days": 9, "model_version": "1", "lenders": [ada.pk]}
    return CohortPrior.objects.create(study=study, variable="steps.total", fitted_at=NOW, **fields)


@pytest.mark.parametrize("scope", [(POPULATION, "steps"), (MODEL, "steps")])
def test_who_lends_no_more_has_it_fitted_again_soon(
    scope: tuple[str, str], ada: Enrollment, prior: CohortPrior
) -> None:
    withdraw(enrollment=ada, now=NOW, scopes=[scope])
    prior.refresh_from_db()
    assert (prior.outdated_at, prior.lenders) == (NOW, [])
    assert drain(NOW + refitting.SOON - timedelta(seconds=1), "cohort") == {"cohort": 0}
    assert drain(NOW + refitting.SOON, "cohort") == {"cohort": 1}
    assert not CohortPrior.objects.exists()
    assert not CohortRefit.objects.due(NOW + timedelta(days=9)).exists()


def test_what_was_not_learned_from_them_is_left(ada: Enrollment, study: Study, prior: CohortPrior) -> None:
    bo = factories.enrollment(study, "bo")
    factories.agree_to_everything(bo)
    withdraw(enrollment=bo, now=NOW)
    withdraw(enrollment=ada, now=NOW, scopes=[("share.clinician", "steps")])
    assert not CohortRefit.objects.exists()


def test_several_who_leave_cost_one_refit(ada: Enrollment, study: Study) -> None:
    CohortRefit.objects.ask(study, NOW + refitting.SOON)
    CohortRefit.objects.ask(study, NOW + refitting.SOON * 1.5)
    assert drain(NOW + refitting.SOON, "cohort") == {"cohort": 1}
    CohortRefit.objects.ask(study, NOW + refitting.SOON * 3)
    assert not CohortRefit.objects.due(NOW + refitting.SOON * 2).exists()
    CohortRefit.objects.ask(study, NOW + refitting.SOON * 2)
    assert CohortRefit.objects.due(NOW + refitting.SOON * 2).exists()


def test_one_that_is_asked_for_meanwhile_stays_due(
    ada: Enrollment, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    CohortRefit.objects.ask(study, NOW)

    def asked(*args: object) -> tuple[dict[int, int], list[CohortPrior]]:
        CohortRefit.objects.ask(study, NOW)
        monkeypatch.undo()
        return refitting.fitted(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(refitting, "fitted", asked)
    assert drain(NOW, "cohort") == {"cohort": 2}


def test_consent_that_moves_meanwhile_has_it_tried_again(
    ada: Enrollment, study: Study, prior: CohortPrior, monkeypatch: pytest.MonkeyPatch
) -> None:
    CohortRefit.objects.ask(study, NOW)

    def moved(*args: object) -> tuple[dict[int, int], list[CohortPrior]]:
        return {ada.pk: ada.consent_epoch + 1}, []

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(refitting, "fitted", moved)
        assert drain(NOW, "cohort") == {"cohort": 0}
    refit = CohortRefit.objects.get()
    assert (refit.last_error, refit.attempts) == ("cohort_moved", 0)
    assert CohortPrior.objects.exists()
    assert drain(NOW + timedelta(minutes=2), "cohort") == {"cohort": 1}


def test_each_night_asks_for_every_study_that_runs(study: Study, db: None) -> None:
    factories.study("inland")
    ended = factories.study("over")
    Study.objects.filter(pk=ended.pk).update(ended_at=NOW)
    tasks.refit()
    assert set(CohortRefit.objects.values_list("study__slug", flat=True)) == {study.slug, "inland"}
