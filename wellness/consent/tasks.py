"""Periodic work of consent."""

from celery import shared_task

from wellness.consent.tombstones.replaying import settle as settle_tombstones
from wellness.lib.clock import utc_now


@shared_task
def settle() -> None:
    """Withdraw again whom a database restored under the running site brought back."""
    settle_tombstones(utc_now())
