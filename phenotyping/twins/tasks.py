"""Nightly work over all studies."""

from celery import shared_task

from phenotyping.twins.models import CohortRefit
from wellness.lib.clock import utc_now
from wellness.studies.models import Study


@shared_task
def refit() -> None:
    """Have every study's cohort priors refitted."""
    for study in Study.objects.filter(ended_at=None):
        CohortRefit.objects.ask(study, utc_now())
