"""When cohort priors are fitted again: every night, and soon after a lender lends no more."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from phenotyping.twins.cohort import fitted, replace
from phenotyping.twins.models import CohortPrior, CohortRefit
from wellness.consent.purposes import POPULATION, Scope
from wellness.studies.models import Enrollment
from wellness.work.claims import LeaseLost

KIND = "cohort"
SOON = timedelta(minutes=5)  # several who leave together cost one refit


def lender_left(person: Enrollment, now: datetime) -> None:
    """Mark what was learned from somebody who lends no more, and have it fitted again without them."""
    marked = False
    for prior in CohortPrior.objects.filter(study=person.study_id).order_by("pk").select_for_update():
        if person.pk in prior.lenders:
            prior.lenders, prior.outdated_at = [pk for pk in prior.lenders if pk != person.pk], now
            prior.save(update_fields=["lenders", "outdated_at"])
            marked = True
    if marked:
        CohortRefit.objects.ask(person.study, now + SOON)


def consent_withdrawn(enrollment: Enrollment, revoked: frozenset[Scope], now: datetime) -> None:
    """Have the priors fitted again without what a person who stays lends no more."""
    if any(purpose == POPULATION for purpose, _ in revoked):
        lender_left(enrollment, now)


def run(pk: int, fence: int, now: datetime) -> None:
    """Fit the priors of one study again; LeaseLost when another worker took it over."""
    refit = CohortRefit.objects.select_related("study").get(pk=pk)
    lenders, priors = fitted(refit.study, now)
    with transaction.atomic():
        replace(refit.study, lenders, priors, now)
        mine = CohortRefit.objects.filter(pk=pk, fence=fence)
        if not mine.update(computed_seq=refit.stale_seq) or not CohortRefit.objects.all().release(pk, fence):
            raise LeaseLost(f"{KIND} {pk}")
