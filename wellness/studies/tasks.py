"""Upkeep of the keys; what a run leaves undone the next one does."""

from celery import shared_task
from django.conf import settings

from wellness.lib.clock import utc_now
from wellness.studies.rotation import rotate


@shared_task
def rotate_keys() -> None:
    """Begin a new key epoch when one is due, and destroy those whose time is over."""
    rotate(now=utc_now(), window=settings.KEY_WINDOW, only_if_due=True)
