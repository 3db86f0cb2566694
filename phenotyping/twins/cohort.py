"""Fitting the cohort priors from everyone who lends strength now."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction
from django.db.models import Max, Min

from phenotyping.days.models import Day
from phenotyping.days.selectors import series, visible_phenotypes
from phenotyping.features.registry import REGISTRY
from phenotyping.twins.models import CohortPrior
from phenotyping.twins.variables import MODEL_VERSION, WINDOW_DAYS, Floats, prior_of, weekdays
from wellness.consent.purposes import POPULATION
from wellness.lib.refusal import Refusal
from wellness.studies.models import Enrollment, Study

MIN_PEOPLE = 2


class CohortMoved(Refusal):
    """Consent of somebody changed while the priors were fitted: the old ones stay until the next try."""

    def __init__(self) -> None:
        super().__init__("cohort_moved", "The study's people changed meanwhile.", status=409, retry=True)


def refit_priors(*, study: Study, now: datetime) -> int:
    """How many variables now have a cohort prior: those with days of at least two people."""
    lenders, priors = fitted(study, now)
    replace(study, lenders, priors, now)
    return len(priors)


def fitted(study: Study, now: datetime) -> tuple[dict[int, int], list[CohortPrior]]:
    """Who lends by which word of theirs, and the priors learned from them, not stored yet."""
    lenders = dict(study.enrollments.active().values_list("pk", "consent_epoch"))
    return lenders, _fitted(study, now)


@transaction.atomic
def replace(study: Study, lenders: dict[int, int], priors: Iterable[CohortPrior], now: datetime) -> None:
    """Keep these priors and no others; CohortMoved when a lender's consent changed meanwhile."""
    people = study.enrollments.select_for_update(no_key=True).filter(pk__in=lenders)
    if dict(people.values_list("pk", "consent_epoch")) != lenders:
        raise CohortMoved
    for prior in priors:
        prior.study, prior.fitted_at = study, now
    CohortPrior.objects.filter(study=study).delete()
    CohortPrior.objects.bulk_create(priors)


def _fitted(study: Study, now: datetime) -> list[CohortPrior]:
    """An unsaved prior of each variable."""
    on = _dates(study, now)
    priors = []
    for name, rows in _table(study, on, now).items():
        y = np.array(list(rows.values()))
        n_people = int(np.isfinite(y).any(axis=1).sum())
        if n_people < MIN_PEOPLE:
            continue
        prior = prior_of(name, y, np.tile(weekdays(on), (len(y), 1)))
        priors.append(
            CohortPrior(
                variable=name,
                model_version=MODEL_VERSION,
                parameters=prior.to_json(),
                n_people=n_people,
                n_days=int(np.isfinite(y).sum()),
                lenders=sorted(rows),
            )
        )
    return priors


def _dates(study: Study, now: datetime) -> list[date]:
    """The dates of the study's finished days, gaps included, the latest WINDOW_DAYS of them."""
    finished = Day.objects.computed().filter(enrollment__study=study, ends_at__lte=now)
    edges = finished.aggregate(first=Min("on"), last=Max("on"))
    if edges["last"] is None:
        return []
    n_days = min((edges["last"] - edges["first"]).days + 1, WINDOW_DAYS)
    return [edges["last"] - timedelta(days=k) for k in reversed(range(n_days))]


def _table(study: Study, on: Sequence[date], now: datetime) -> dict[str, dict[int, Floats]]:
    """Daily values by phenotype and person who lends strength."""
    table: dict[str, dict[int, Floats]] = {name: {} for name in REGISTRY}
    people = study.enrollments.active().select_related("study").prefetch_related("zone_changes")
    for person in people if on else ():
        visible = visible_phenotypes(person, POPULATION, now)
        lent = [name for name in REGISTRY if name in visible]
        if lent:
            days = series(person, lent, on[0], on[-1], purpose=POPULATION, at=now)
            finished = _finished(person, on, now)
            for name in lent:
                table[name][person.pk] = np.where(finished, days.y[name], np.nan)
    return {name: rows for name, rows in table.items() if rows}


def _finished(person: Enrollment, on: Sequence[date], now: datetime) -> list[bool]:
    """Which of the dates are over where this person is: others of the study may be hours ahead."""
    today = person.zones().local_date(now)
    return [one < today for one in on]
