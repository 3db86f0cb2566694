"""What the gateways do by the clock."""

from celery import shared_task

from wellness.gateways.takeout.services import expire
from wellness.lib.clock import utc_now


@shared_task
def expire_takeouts() -> None:
    """Delete the copies whose week is over."""
    expire(utc_now())
