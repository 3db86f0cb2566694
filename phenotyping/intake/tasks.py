"""Keeping the store tidy; what these leave undone they find again the next time."""

from celery import shared_task

from phenotyping.intake import orphans, partial
from wellness.lib.clock import utc_now


@shared_task
def collect() -> None:
    """Drop chunks that were replaced an hour ago, and uploads that were not finished within a day."""
    now = utc_now()
    orphans.collect_superseded(now)
    partial.collect(now)


@shared_task
def collect_orphans() -> None:
    """Delete the objects that no registry row names."""
    orphans.collect(utc_now())
