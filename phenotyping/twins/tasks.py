"""Nightly work over all studies."""

from celery import shared_task

from phenotyping.twins.cohort import refit_priors
from wellness.lib.clock import utc_now
from wellness.studies.models import Study


@shared_task
def refit() -> None:
    """Refit every study's cohort priors."""
    for study in Study.objects.filter(ended_at=None):
        refit_priors(study=study, now=utc_now())
